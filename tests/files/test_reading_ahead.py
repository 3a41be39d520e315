"""The thread that reads ahead."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamloss.files import scanner
from tests.files.rows import ALL, tables


def test_an_error_of_the_reading_thread_comes_out(folder: Path) -> None:
    data = tables([str(folder)], ALL)
    (folder / "deep" / "c.parquet").unlink()
    got: list[int] = []
    with pytest.raises(ValueError, match=r"cannot read .*c.parquet"):
        got.extend(batch.length for batch in data.batches())
    assert got == [300]


def test_reading_stops_when_the_caller_does(folder: Path) -> None:
    seen: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            seen.append(number)
            yield number

    ahead = scanner._ahead(items())
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()
    assert len(seen) <= 3 + scanner.BATCHES_AHEAD
