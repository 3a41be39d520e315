"""One module for each format of files, and the table that says which files are of which.

To add a format is to add its module, and its row in `FORMATS`. The module has two functions:
``open_table(path, columns, reading)`` returns the opened file as a `Source` of the columns, and
``column_names(path, reading)`` the names of all columns that it has.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple, cast

from streamloss.files.columns import Columns
from streamloss.files.foreign import foreign
from streamloss.files.reading import Refused, explained, stamps
from streamloss.files.source import FormatModule, Reading, Source


class Format(NamedTuple):
    """A kind of files that hold tables.

    Attributes
    ----------
    name : str
        What it is called.
    module : str
        Its module in this folder.
    endings : tuple of str
        How names of its files end, in lower case.
    magic : bytes
        How its files begin, empty where that may be anything.
    has_types : bool
        Whether its files say what their columns hold.
    """

    name: str
    module: str
    endings: tuple[str, ...]
    magic: bytes = b""
    has_types: bool = True

    def opened(self, path: str, columns: Columns, reading: Reading) -> Source:
        """Return a file opened for reading these columns."""
        return self._code().open_table(path, columns, reading)

    def column_names(self, path: str, reading: Reading) -> list[str]:
        """Return the names of all columns of a file."""
        return self._code().column_names(path, reading)

    def _code(self) -> FormatModule:
        """Return the module, imported on first use with its libraries.

        Raises
        ------
        ModuleNotFoundError
            If a library is not installed. The error tells how to.
        """
        try:
            return cast(FormatModule, import_module(f"{__name__}.{self.module}"))
        except ModuleNotFoundError as error:
            rule = f'{error.name} is not installed: pip install "streamloss[files]"'
            raise ModuleNotFoundError(rule, name=error.name) from error


FORMATS = {
    "parquet": Format("Parquet", "parquet", (".parquet", ".parq", ".pq"), b"PAR1"),
    "arrow": Format("Arrow IPC", "arrow", (".arrow", ".feather", ".ipc"), b"ARROW1"),
    "csv": Format(
        "CSV",
        "csv",
        (".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst"),
        has_types=False,
    ),
    "npz": Format("NumPy", "arrays", (".npz",), b"PK\x03\x04"),
}
"""All formats, by the names that `scan` takes for them."""


def ending_of(path: str) -> str | None:
    """Return the name of the format of files that end as a path does."""
    for name, kind in FORMATS.items():
        if path.lower().endswith(kind.endings):
            return name
    return None


def format_of(path: str) -> Format:
    """Return the format of a file: as its name ends, else as its bytes begin.

    Raises
    ------
    ValueError
        If it is of no known format. The error says what it is instead.
    """
    name = ending_of(path)
    if name is not None:
        return FORMATS[name]
    stamps([path])  # refuses pipes, which to open would wait
    with explained(f"cannot read {path}"):
        with open(path, "rb") as file:
            head = file.read(16)
        for kind in FORMATS.values():
            if kind.magic and head.startswith(kind.magic):
                return kind
        raise Refused(f"cannot read {path}: {foreign(path)}")
