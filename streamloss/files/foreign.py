"""Files of other kinds than was asked for: what they are, and how to have them read."""

from __future__ import annotations

import os

HEAD_BYTES = 4096
"""Bytes at the beginning that are looked at to tell what a file is."""

FRAME = "pandas.DataFrame.to_parquet writes it as Parquet once pandas has read it"
PACKED = "unpack it"

BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "Parquet", "give it as a file of format parquet, and name its columns"),
    (b"PARE", "Parquet with an encrypted footer", "write it without encryption"),
    (b"ARROW1", "Arrow IPC (Feather)", "give it as a file of format arrow, and name its columns"),
    (b"\xff\xff\xff\xff", "an Arrow IPC stream", "pyarrow.ipc.open_stream and parquet.write_table"),
    (b"FEA1", "Feather version 1", FRAME),
    (
        b"\x93NUMPY",
        "an array of NumPy",
        "name it as a column: scan({COLUMN: FILE}), on the command line without FILES",
    ),
    (b"\x89HDF\r\n\x1a\n", "HDF5", "save each array by numpy.save, or a frame as Parquet"),
    (b"CDF", "NetCDF", "xarray reads it: save each array by numpy.save"),
    (b"ORC", "ORC", "pyarrow.orc.read_table and parquet.write_table"),
    (b"Obj\x01", "Avro", FRAME),
    (b"SQLite format 3\0", "an SQLite database", FRAME),
    (b"version https://git-lfs", "a pointer of Git LFS", "git lfs pull fetches the file"),
    (
        b"PK\x03\x04",
        "a zip archive",
        "unpack it, or name an array of an .npz file as file.npz:name",
    ),
    (b"\x1f\x8b", "compressed by gzip", PACKED),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", PACKED),
    (b"BZh", "compressed by bzip2", PACKED),
    (b"\xfd7zXZ\0", "compressed by xz", PACKED),
    (b"\x80", "a pickle, perhaps", "save its arrays by numpy.save, or its frame as Parquet"),
    (b"<", "HTML or XML", "fetch or convert the data themselves"),
)
"""The bytes that files begin with, what the files are, and how to have them read."""

ZARR = (".zarray", ".zgroup", ".zmetadata", "zarr.json")
"""Names in the folder of a Zarr store, of which it has at least one."""


def is_url(name: str) -> bool:
    """Return whether a name is a URL."""
    return "://" in name


def foreign(path: str) -> str:
    """Say what a file is, and how to have it read."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        return "it is empty"
    for begin, what, way in BEGINNINGS:
        if head.startswith(begin):
            return f"it is {what}: {way}"
    if not is_text(head):
        return "it does not begin like one"
    if head.lstrip()[:1] in (b"{", b"["):
        return f"it is JSON or JSON lines: {FRAME}"
    return "it is text, such as CSV: give csv as its format"


def is_text(head: bytes) -> bool:
    """Return whether bytes are text, of which the last character may be incomplete."""
    try:
        text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = head[: error.start].decode()
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)


def elsewhere(name: str) -> str | None:
    """Say what to do about a name that is a URL or standard input, None about other names."""
    if is_url(name):
        return f"{name} is a URL: only files are read, so fetch it first"
    if name == "-":
        return "- stands for no file: standard input cannot be read from anywhere, so save it first"
    return None


def foreign_folder(folder: str) -> str:
    """Say what a folder without Parquet files is if it is a Zarr store, else nothing."""
    if any(os.path.lexists(os.path.join(folder, name)) for name in ZARR):
        return "; it is a Zarr store: save each array by numpy.save"
    return ""
