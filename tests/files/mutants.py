"""Damaged files: whatever bytes change, every row that pyarrow or numpy reads comes, or one line.

``python tests/files/mutants.py 10000`` tries so many of each kind, in processes of their own since
the libraries may crash, and prints how they ended; the ordinary tests try a few hundred.
"""

import contextlib
import io
import resource
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from streamloss.files import Columns, Scanner
from tests.files.rows import in_files, tables

N = 240
MOST = 400
"""Characters of an error."""
RNG = np.random.default_rng(1)
VALUES = RNG.standard_normal(N)


def parquet(**options: object) -> bytes:
    file = io.BytesIO()
    table = pa.table({"y": VALUES, "k": RNG.integers(0, 9, N), "b": VALUES > 0.5})
    pq.write_table(table, file, row_group_size=80, **options)  # type: ignore[arg-type]
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(save: Callable[..., None]) -> bytes:
    file = io.BytesIO()
    save(file, y=VALUES)
    return file.getvalue()


SOUND = {
    "plain.parquet": parquet(use_dictionary=False, compression="none", write_statistics=False),
    "snappy.parquet": parquet(),
    "pages.parquet": parquet(data_page_size=64, data_page_version="2.0", compression="zstd"),
    "floats.npy": npy(VALUES),
    "matrix.npy": npy(np.asfortranarray(RNG.integers(0, 9, (N, 3)).astype(np.int16))),
    "stored.npz": npz(np.savez),
    "deflated.npz": npz(np.savez_compressed),
}
"""The files that are damaged, by their names."""


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a few bytes, mostly those that describe the others; cut some out or put some in."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        edges = (rng.integers(0, min(160, len(changed))), -rng.integers(1, len(changed) // 3))
        at = int(rng.choice([*edges, rng.integers(0, len(changed))])) % len(changed)
        kind = rng.integers(0, 6)
        if kind < 3:
            changed[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 3:
            changed[at] = int(rng.choice([0, 1, 2, 45, 48, 57, 127, 128, 255]))
        elif kind == 4:
            del changed[at : at + int(rng.integers(1, 9))]
        else:
            changed[at:at] = changed[at // 2 : at // 2 + int(rng.integers(1, 9))]
    return bytes(changed)


def ours(data: Scanner) -> list[np.ndarray]:
    """All columns that streamloss reads."""
    rows = [batch.rows[:2] for batch in data.batches()]
    columns = zip(*rows, strict=True)
    return [np.concatenate(column) for column in columns if column[0] is not None]


def theirs(path: Path) -> list[np.ndarray]:
    """The same, as the libraries read it."""
    if path.suffix == ".parquet":
        batches = list(pq.ParquetFile(path).iter_batches(columns=["y", "k"]))
        return [
            np.concatenate([batch[name].to_numpy(zero_copy_only=False) for batch in batches])
            for name in ("y", "k")
        ]
    found = np.load(path)
    return [found[found.files[0]] if path.suffix == ".npz" else found]


def outcome(path: Path) -> str:
    """Return how the reading of a file ends; other rows than the libraries' are an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            if path.suffix == ".parquet":
                got = ours(tables([str(path)], Columns("y", "k")))
            else:
                got = ours(in_files(Columns(str(path))))
        except ValueError as error:
            short = len(str(error)) < MOST + len(str(path)) and "\n" not in str(error)
            return "refused" if short and path.name in str(error) else f"an error: {error}"
        warnings.simplefilter("ignore")
        want = theirs(path)
    assert len(got) == len(want)
    for mine, other in zip(got, want, strict=True):
        assert mine.shape == (other.shape or (1,))
        np.testing.assert_array_equal(mine, other)
    return "all rows"


def attempt(name: str, seed: int, folder: Path) -> str:
    """Damage a file by a seed, and return how its reading ends."""
    path = folder / f"{seed}{Path(name).suffix}"
    path.write_bytes(mutate(SOUND[name], np.random.default_rng(seed)))
    try:
        return outcome(path)
    finally:
        path.unlink()


def many(name: str, first: int, count: int) -> None:
    """Try seeds in this process, and print what was found wrong and the ends."""
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            print("at", seed, flush=True)
            try:
                ends[attempt(name, seed, Path(folder))] += 1
            except Exception as error:
                ends["wrong"] += 1
                print("wrong", name, seed, type(error).__name__, str(error)[:200], flush=True)
    print("ends", dict(ends), flush=True)


def main(count: int, step: int = 500) -> None:
    for name in SOUND:
        ends: Counter[str] = Counter()
        first = 0
        while first < count:
            command = [sys.executable, __file__, name, str(first), str(min(step, count - first))]
            lines = []
            with contextlib.suppress(subprocess.TimeoutExpired):
                lines = subprocess.run(
                    command, capture_output=True, text=True, timeout=300
                ).stdout.splitlines()
            print(*(line for line in lines if line.startswith("wrong")), sep="\n", end="")
            if lines and lines[-1].startswith("ends"):
                ends.update(eval(lines[-1][5:]))
                first += step
            else:  # go on after the one that crashed
                at = max([int(line[3:]) for line in lines if line.startswith("at")], default=first)
                ends["crashed"] += 1
                print(f"crashed {name} {at}")
                first = at + 1
        print(name, dict(ends), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        many(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(int(sys.argv[1]))
