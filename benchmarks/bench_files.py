"""Files: the pace next to pyarrow's own decoding and to a read of the mapped arrays."""

import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

import streamloss as sl
from benchmarks._measure import SIZE, interleaved_medians, read_sweep
from streamloss.files import Columns, scanner
from streamloss.files.formats import decoder, parquet
from streamloss.run.evaluation import Evaluation
from streamloss.run.query import Query
from streamloss.run.question import Question

CHUNK = 1 << 20
KINDS = {
    "snappy": {},
    "uncompressed": {"compression": "none"},
    "zstd": {"compression": "zstd"},
    "small row groups": {"row_group_size": 1 << 16},
    "dictionaries": {"use_dictionary": True},
    "nulls": {},
    "ten files": {},
}
"""How the Parquet files are written: in row groups of 2**20 rows unless said otherwise."""


def chunks(dtype, rows):
    """Yield labels, predictions and weights, few at a time: asv counts the peak of `setup` too."""
    rng = np.random.default_rng(1)
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        y, error, w = (draw(size, dtype) for draw in (*[rng.standard_normal] * 2, rng.random))
        yield {"y": y, "p": y + error / 10, "w": w}


def table(arrays, kind):
    """Return arrays as a table of a kind."""
    if kind == "dictionaries":
        arrays = {name: np.round(array, 2) for name, array in arrays.items()}
    if kind == "nulls":
        missing = np.random.default_rng(2).random(len(arrays["p"])) < 0.01
        arrays["p"] = pa.array(arrays["p"], mask=missing)
    return pa.table(arrays)


def write(folder, kind, dtype):
    """Write Parquet files of a kind."""
    files = 10 if kind == "ten files" else 1
    options = {"use_dictionary": False, "row_group_size": CHUNK, **KINDS[kind]}
    group = options.pop("row_group_size")
    schema = pa.schema([(name, pa.from_numpy_dtype(dtype)) for name in "ypw"])
    for k in range(files):
        with pq.ParquetWriter(os.path.join(folder, f"{k}.parquet"), schema, **options) as writer:
            for arrays in chunks(dtype, SIZE // files):
                writer.write_table(table(arrays, kind), group)


def write_arrays(paths, dtype):
    """Write the same as ``.npy`` files."""
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (SIZE,)}
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "wb")) for path in paths]
        for file in files:
            np.lib.format.write_array_header_1_0(file, header)
        for arrays in chunks(dtype, SIZE):
            for file, array in zip(files, arrays.values(), strict=True):
                file.write(array)


def evaluate(files):
    """Do what `streamloss evaluate` does between start and output."""
    return sl.evaluate("mae", data=sl.scan(files), y_true="y", y_pred="p", weights="w")


def scan(folder, options):
    """Decode the columns with pyarrow and do nothing with them."""
    scanner = ds.dataset(folder).scanner(columns=["y", "p", "w"], **options)
    return sum(batch.num_rows for batch in scanner.to_batches())


class Parquet:
    """A weighted mean absolute error of Parquet files in the page cache."""

    params = (list(KINDS), ["float32", "float64"])
    param_names = ("kind", "dtype")
    timeout = 600

    def setup(self, kind, dtype):
        self.folder = tempfile.mkdtemp()
        write(self.folder, kind, dtype)
        self.evaluate = partial(evaluate, self.folder)
        self.scan = partial(scan, self.folder, {})
        # Found to be the fastest: nothing read ahead.
        eager = ds.ParquetFragmentScanOptions(pre_buffer=False)
        self.best_scan = partial(scan, self.folder, {"fragment_scan_options": eager})
        for function in (self.evaluate, self.scan, self.best_scan):
            function()

    def teardown(self, kind, dtype):
        shutil.rmtree(self.folder)

    def time_evaluate(self, kind, dtype):
        self.evaluate()

    def peakmem_evaluate(self, kind, dtype):
        self.evaluate()

    def track_ratio_to_scan(self, kind, dtype):
        scanned, evaluated = interleaved_medians(self.scan, self.evaluate)
        return evaluated / scanned

    track_ratio_to_scan.unit = "ratio"

    def track_ratio_to_best_scan(self, kind, dtype):
        scanned, evaluated = interleaved_medians(self.best_scan, self.evaluate)
        return evaluated / scanned

    track_ratio_to_best_scan.unit = "ratio"


class Constants:
    """A weighted mean absolute error of a Parquet file with a constant that is another."""

    params = (
        ["parquet.BATCH_ROWS", "decoder.BUFFER_BYTES", "scanner.STRETCH_VALUES"],
        [1 / 3, 1 / 2, 2 / 3, 4 / 3, 2, 10],
    )
    param_names = ("constant", "times")
    timeout = 600

    def setup(self, constant, times):
        self.folder = tempfile.mkdtemp()
        write(self.folder, "snappy", "float32")
        self.evaluate = partial(evaluate, self.folder)
        self.evaluate()

    def teardown(self, constant, times):
        shutil.rmtree(self.folder)

    def with_another(self, constant, times):
        file, name = constant.split(".")
        module = {"parquet": parquet, "decoder": decoder, "scanner": scanner}[file]
        before = getattr(module, name)
        setattr(module, name, int(before * times))
        try:
            self.evaluate()
        finally:
            setattr(module, name, before)

    def track_ratio_to_ours(self, constant, times):
        other = partial(self.with_another, constant, times)
        ours, others = interleaved_medians(self.evaluate, other)
        return others / ours

    track_ratio_to_ours.unit = "ratio"


def write_keyed(folder):
    """Write a Parquet file with keys of 20, 350 and 20,000 texts."""
    rng = np.random.default_rng(3)
    words = {name: [f"{name}{k:05}" for k in range(n)] for name, n in KEYS.items()}
    path, writer = os.path.join(folder, "keyed.parquet"), None
    for arrays in chunks("float32", SIZE):
        for name, texts in words.items():
            codes = rng.integers(0, len(texts), len(arrays["y"]), "i4")
            arrays[name] = pa.DictionaryArray.from_arrays(codes, texts)
        rows = pa.table(arrays)
        writer = writer or pq.ParquetWriter(path, rows.schema)
        writer.write_table(rows, CHUNK)
    writer.close()


KEYS = {"carrier": 20, "origin": 350, "tail": 20_000}
"""The keys of a file, and how many texts each has."""


class Keys:
    """Slices of a Parquet file, next to a run that decodes the same columns and makes none."""

    params = (["carrier", "tail", "carrier origin"],)
    param_names = ("keys",)
    timeout = 600

    def setup(self, keys):
        self.folder = tempfile.mkdtemp()
        write_keyed(self.folder)
        by = tuple(keys.split())
        self.data = sl.scan(self.folder)
        self.columns = Columns("y", "p", "w", by=by)
        self.sliced = partial(sl.evaluate, "mae", "y", "p", "w", data=self.data, by=list(by))
        self.sliced()
        self.decoded()

    def teardown(self, keys):
        shutil.rmtree(self.folder)

    def decoded(self):
        """Sum the rows without keys, which are decoded all the same."""
        Evaluation(Question(Query.spelled("mae")), self.data, self.columns).complete()

    def time_slices(self, keys):
        self.sliced()

    def peakmem_slices(self, keys):
        self.sliced()

    def track_ratio_to_decoding(self, keys):
        decoded, sliced = interleaved_medians(self.decoded, self.sliced)
        return sliced / decoded

    track_ratio_to_decoding.unit = "ratio"


class Arrays:
    """A weighted mean absolute error of ``.npy`` files in the page cache."""

    params = ("float32", "float64")
    param_names = ("dtype",)
    timeout = 600

    def setup(self, dtype):
        self.folder = tempfile.mkdtemp()
        paths = [os.path.join(self.folder, f"{name}.npy") for name in "ypw"]
        write_arrays(paths, dtype)
        self.evaluate = partial(evaluate, dict(zip("ypw", paths, strict=True)))
        self.read = partial(self.sweep, paths)
        for function in (self.read, self.evaluate) * 2:
            function()

    def teardown(self, dtype):
        shutil.rmtree(self.folder)

    @staticmethod
    def sweep(paths):
        arrays = [np.asarray(np.load(path, mmap_mode="r")) for path in paths]
        return read_sweep(*arrays)()

    def time_evaluate(self, dtype):
        self.evaluate()

    def peakmem_evaluate(self, dtype):
        self.evaluate()

    def track_ratio_to_read_sweep(self, dtype):
        read, evaluated = interleaved_medians(self.read, self.evaluate)
        return evaluated / read

    track_ratio_to_read_sweep.unit = "ratio"


class Arrow:
    """A weighted mean absolute error of a file of Arrow IPC in the page cache, beside pyarrow's."""

    params = (["uncompressed", "lz4", "zstd"], [CHUNK, SIZE])
    param_names = ("compression", "rows of a batch")
    timeout = 600

    def setup(self, compression, rows):
        self.folder = tempfile.mkdtemp()
        self.path = os.path.join(self.folder, "a.arrow")
        packed = None if compression == "uncompressed" else compression
        parts = [table(arrays, "") for arrays in chunks("float64", SIZE)]
        options = pa.ipc.IpcWriteOptions(compression=packed)
        whole = pa.concat_tables(parts).combine_chunks()
        with (
            pa.OSFile(self.path, "wb") as file,
            pa.ipc.new_file(file, whole.schema, options=options) as writer,
        ):
            writer.write_table(whole, rows)
        self.evaluate = partial(evaluate, self.path)
        for function in (self.read, self.evaluate):
            function()

    def teardown(self, compression, rows):
        shutil.rmtree(self.folder)

    def read(self):
        """Read all batches with pyarrow and do nothing with them."""
        with pa.OSFile(self.path) as file:
            reader = pa.ipc.open_file(file)
            return sum(reader.get_batch(k).num_rows for k in range(reader.num_record_batches))

    def time_evaluate(self, compression, rows):
        self.evaluate()

    def peakmem_evaluate(self, compression, rows):
        self.evaluate()

    def track_ratio_to_pyarrow(self, compression, rows):
        read, evaluated = interleaved_medians(self.read, self.evaluate)
        return evaluated / read

    track_ratio_to_pyarrow.unit = "ratio"


class Text:
    """A weighted mean absolute error of a CSV file in the page cache, beside pyarrow's parsing."""

    params = ("none", "gzip", "zstd")
    param_names = ("compression",)
    timeout = 600

    def setup(self, compression):
        self.folder = tempfile.mkdtemp()
        ending = {"none": "", "gzip": ".gz", "zstd": ".zst"}[compression]
        self.path = os.path.join(self.folder, f"a.csv{ending}")
        packed = None if compression == "none" else compression
        with pa.output_stream(self.path, compression=packed) as file:
            for k, arrays in enumerate(chunks("float64", SIZE // 10)):
                csv.write_csv(table(arrays, ""), file, csv.WriteOptions(include_header=not k))
        self.evaluate = partial(evaluate, self.path)
        for function in (self.parse, self.evaluate):
            function()

    def teardown(self, compression):
        shutil.rmtree(self.folder)

    def parse(self):
        """Parse the file with pyarrow and do nothing with it."""
        return sum(batch.num_rows for batch in csv.open_csv(self.path))

    def time_evaluate(self, compression):
        self.evaluate()

    def peakmem_evaluate(self, compression):
        self.evaluate()

    def track_ratio_to_pyarrow(self, compression):
        parsed, evaluated = interleaved_medians(self.parse, self.evaluate)
        return evaluated / parsed

    track_ratio_to_pyarrow.unit = "ratio"
