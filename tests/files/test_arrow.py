"""Files of Arrow: every value at its place, packed or not, from any row on; what is damaged."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pytest

from streamloss import scan
from streamloss.files import Columns, Place, Scanner

N = 403
RNG = np.random.default_rng(4)
HOLES = RNG.random((5, N)) < 0.2
LISTS = [
    None if hole else [None if RNG.random() < 0.1 else float(x) for x in RNG.standard_normal(3)]
    for hole in RNG.random(N) < 0.1
]
TABLE = pa.table(
    {
        # of other layouts, whose buffers lie between those that are read
        "text": pa.array([str(k) for k in range(N)]),
        "view": pa.array(["long enough to be no inline text" * (k % 2) for k in range(N)]).cast(
            pa.string_view()
        ),
        "struct": pa.array([{"a": 1, "b": [2]}] * N),
        "code": pa.array((["a", "b", None] * N)[:N]).dictionary_encode(),
        "y": RNG.standard_normal(N),
        "single": pa.array(RNG.standard_normal(N).astype(np.float32), mask=HOLES[0]),
        "short": pa.array(RNG.integers(0, 9, N), pa.int16(), mask=HOLES[1]),
        "flag": pa.array(RNG.random(N) < 0.5, mask=HOLES[2]),
        "half": RNG.standard_normal(N).astype(np.float16),
        "nothing": pa.nulls(N),
        "list": pa.array(LISTS),
        "large": pa.array(LISTS, pa.large_list(pa.float32())),
        "fixed": pa.array(LISTS, pa.list_(pa.float64(), 3)),
    }
)
COLUMNS = TABLE.column_names[4:]


def values(name: str) -> np.ndarray:
    """A column as Python has it, with NaN for nulls."""
    rows = TABLE.column(name).to_pylist()
    if "list" in str(TABLE.schema.field(name).type):
        rows = [[None] * 3 if row is None else row for row in rows]
    return np.array(rows, dtype=float)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
@pytest.mark.parametrize("chunk", [10, 64, 333, 5000])
def test_every_value_comes_at_its_place(tmp_path: Path, compression: str, chunk: int) -> None:
    path = tmp_path / "a.arrow"
    pyarrow.feather.write_feather(TABLE, path, compression=compression, chunksize=chunk)
    for name in COLUMNS:
        scanner = scan(path).opened(Columns(name))
        assert scanner.rows == N
        for start, size in [(0, 1000), (0, 7), (1, 64), (9, 1), (334, 7), (N - 1, 1000)]:
            batches = [batch.rows.y_true for batch in scanner.batches(Place(0, start), size)]
            assert all(batch.size <= max(size, 3) for batch in batches)
            got = np.concatenate(batches)
            np.testing.assert_array_equal(got.astype(float), values(name)[start:], err_msg=name)
            kind = TABLE.schema.field(name).type
            if kind in (pa.float64(), pa.float16(), pa.float32()):
                assert got.dtype == kind.to_pandas_dtype()


@pytest.mark.parametrize("compression", ["uncompressed", "lz4"])
def test_stretches_side_by_side_hold_every_row_once(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "a.arrow"
    table = pa.table({"y": np.arange(50_000.0)})
    pyarrow.feather.write_feather(table, path, compression=compression, chunksize=6000)
    scanner = scan(path).opened(Columns("y"))
    for start in (0, 1, 17_000):
        stretches = scanner.side_by_side(Place(0, start), 2)
        got = [b.rows.y_true.copy() for stretch in stretches for b in stretch.batches(999)]
        np.testing.assert_array_equal(np.concatenate(got), np.arange(50_000.0)[start:])


def everything(scanner: Scanner) -> list[np.ndarray]:
    return [batch.rows.y_true for batch in scanner.batches(batch_values=50)]


def outcome(path: Path) -> tuple[list[np.ndarray], str | None]:
    """What is read of a file, or what the error says."""
    try:
        return everything(scan(path).opened(Columns("y", where="flag"))), None
    except ValueError as error:
        return [], str(error)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_damaged_files_are_refused_or_give_all_rows(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "a.arrow"
    table = TABLE.select(["text", "y", "flag"])
    pyarrow.feather.write_feather(table, path, compression=compression, chunksize=100)
    sound = path.read_bytes()
    ends = {"refused": 0, "all rows": 0}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        data = bytearray(sound)
        at = int(rng.choice([rng.integers(0, len(data)), len(data) - rng.integers(1, 900)]))
        data[at] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(data[: len(data) - int(rng.integers(0, 3)) * 7])
        got, error = outcome(path)
        if error is not None:
            assert path.name in error
            assert "\n" not in error
            ends["refused"] += 1
            continue
        assert sum(map(len, got)) == N
        assert sum(a.tobytes() != b.tobytes() for a, b in zip(*cut(got), strict=True)) <= 100
        ends["all rows"] += 1
    assert min(ends.values()) > 20


def cut(got: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The values that came and those that were written, row by row."""
    whole = np.concatenate(got)
    return np.split(whole, N), np.split(values("y"), N)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[1.0, 2.0], [3.0]]), "lists of column 'y' have 2 values and 1"),
        (
            pa.array([None, None], pa.list_(pa.float64())),
            "column 'y' of .* begins with 2 nulls: of which",
        ),
        (pa.array(["a", "b"]), "column 'y' of .* must be numeric: it is string"),
        (pa.array([[["a"]], []]), "must be numeric: it is list<"),
    ],
)
@pytest.mark.parametrize("kind", ["arrow", "parquet"])
def test_columns_that_are_no_rows_of_numbers_are_refused(
    tmp_path: Path, column: pa.Array, message: str, kind: str
) -> None:
    path = tmp_path / f"a.{kind}"
    table = pa.table({"y": column})
    (pyarrow.feather.write_feather if kind == "arrow" else pa.parquet.write_table)(table, path)
    with pytest.raises(ValueError, match=message):
        everything(scan(path).opened(Columns("y")))


def test_lists_of_other_lengths_in_another_file_are_refused(tmp_path: Path) -> None:
    for k, name in enumerate(("a.arrow", "b.arrow", "c.parquet"), 2):
        table = pa.table({"y": [[float(x) for x in range(min(k, 3))]] * 5})
        write = pa.parquet.write_table if "parquet" in name else pyarrow.feather.write_feather
        write(table, tmp_path / name)
    both = scan([tmp_path / "b.arrow", tmp_path / "c.parquet"]).opened(Columns("y"))
    assert [batch.shape for batch in everything(both)] == [(5, 3), (5, 3)]
    other = scan([tmp_path / "a.arrow", tmp_path / "c.parquet"]).opened(Columns("y"))
    with pytest.raises(ValueError, match=r"c.parquet as Parquet: lists of column 'y' have 2"):
        everything(other)


@pytest.mark.parametrize("kind", ["arrow", "parquet"])
def test_lists_may_begin_with_nulls_where_others_tell_their_width(
    tmp_path: Path, kind: str
) -> None:
    def written(name: str, rows: list[object], of: pa.DataType, chunk: int = 1) -> Path:
        table = pa.table({"y": pa.array(rows, of)})
        if kind == "arrow":
            schema = table.schema
            with pa.ipc.new_file(tmp_path / name, schema) as file:
                file.write_batch(table.to_batches()[0].slice(0, 0))
                file.write_table(table, max_chunksize=chunk)
        else:
            pa.parquet.write_table(table, tmp_path / name, row_group_size=chunk)
        return tmp_path / name

    lists, fixed = pa.list_(pa.float64()), pa.list_(pa.float64(), 2)
    nulls = written(f"nulls.{kind}", [None] * 3, lists)
    later = written(f"later.{kind}", [None, None, [1.0, 2.0]], lists)
    sized = written(f"sized.{kind}", [None] * 4, fixed)
    nothing = [np.nan, np.nan]
    for files, want in [
        ([later], [nothing, nothing, [1.0, 2.0]]),
        ([nulls, later], [nothing] * 5 + [[1.0, 2.0]]),
        ([nulls, sized], [nothing] * 7),
    ]:
        got = np.concatenate(everything(scan(files).opened(Columns("y"))))
        np.testing.assert_array_equal(got, want)
    with pytest.raises(ValueError, match=rf"column 'y' of .*nulls.{kind} begins with 3 nulls"):
        scan(nulls).opened(Columns("y"))


@pytest.mark.parametrize("kind", ["arrow", "parquet", "npz"])
def test_lists_without_values_are_rows_without_values(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    table = pa.table({"y": pa.array([[], []], pa.list_(pa.float64()))})
    if kind == "npz":
        np.savez(path, y=np.empty((2, 0)))
    else:
        (pyarrow.feather.write_feather if kind == "arrow" else pa.parquet.write_table)(table, path)
    assert [b.shape for b in everything(scan(path).opened(Columns("y")))] == [(2, 0)]


@pytest.mark.parametrize("version", [pa.ipc.MetadataVersion.V4, pa.ipc.MetadataVersion.V5])
@pytest.mark.parametrize("legacy", [True, False])
def test_older_versions_have_other_buffers(
    tmp_path: Path, version: pa.ipc.MetadataVersion, legacy: bool
) -> None:
    union = pa.UnionArray.from_sparse(
        pa.array(np.zeros(N, np.int8)), [pa.array(np.arange(N)), pa.array(np.ones(N))]
    )
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([N], pa.int32()), pa.array([1.5]))
    table = pa.table({"union": union, "runs": runs, "none": pa.nulls(N), "y": TABLE["y"]})
    options = pa.ipc.IpcWriteOptions(metadata_version=version, use_legacy_format=legacy)
    path = tmp_path / "a.arrow"
    with pa.ipc.new_file(path, table.schema, options=options) as file:
        file.write_table(table, max_chunksize=100)
    got = np.concatenate(everything(scan(path).opened(Columns("y"))))
    np.testing.assert_array_equal(got, values("y"))


def test_other_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    with pytest.raises(ValueError, match="as Arrow IPC: it is an Arrow IPC stream"):
        scan(path).opened(Columns("y"))
    path.write_bytes(b"ARROW1\0\0")
    with pytest.raises(ValueError, match=rf"cannot read {re.escape(str(path))} as Arrow IPC: it"):
        scan(path).opened(Columns("y"))
