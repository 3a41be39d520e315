"""The same rows in a folder of Parquet files, and in files of arrays."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from streamloss.files import Columns
from tests.files.rows import M, N, P, W, Y, table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A thousand rows in three files of small row groups, one of them without rows."""
    (tmp_path / "deep").mkdir()
    pq.write_table(table(slice(0, 300)), tmp_path / "a.parquet", row_group_size=70)
    pq.write_table(table(slice(0, 0)), tmp_path / "b.parquet")
    pq.write_table(table(slice(300, N)), tmp_path / "deep" / "c.parquet", row_group_size=101)
    return tmp_path


@pytest.fixture
def arrays(tmp_path: Path) -> Columns:
    """The same rows: in files of their own, stored and deflated."""
    np.save(tmp_path / "y.npy", Y)
    np.savez(tmp_path / "stored.npz", p=P, other=Y)
    np.savez_compressed(tmp_path / "deflated.npz", w=W)
    np.save(tmp_path / "m.npy", M)
    names = ("y.npy", "stored.npz:p", "deflated.npz", "m.npy")
    return Columns(*(str(tmp_path / name) for name in names))
