"""An update that fails or is interrupted changes nothing."""

import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from tests.api.streams import NAN, RNG, Tilted, state


class Interrupting:
    """An array-like whose conversion does not come to an end."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise self.error


ONES = np.ones((4, 3))
FAILURES: dict[str, tuple[type[BaseException], Any, dict[str, Any]]] = {
    "missing y_pred": (TypeError, (ONES,), {}),
    "shapes": (ValueError, (ONES, ONES[:3]), {}),
    "object": (TypeError, (ONES, ONES.astype(object)), {}),
    "complex": (TypeError, (ONES, ONES * 1j), {}),
    "text": (TypeError, (ONES, ONES.astype(str)), {}),
    "longdouble": (TypeError, (ONES.astype(np.longdouble), ONES), {}),
    "weights trailing": (ValueError, (ONES, ONES, ONES[0]), {}),
    "weights complex": (TypeError, (ONES, ONES, ONES * 1j), {}),
    "where of numbers": (TypeError, (ONES, ONES), {"where": ONES}),
    "where trailing": (ValueError, (ONES, ONES), {"where": ONES[0] > 0}),
    "ragged": (ValueError, (ONES, [[1.0], [1.0, 2.0]]), {}),
    "axis outside": (ValueError, (1.0, 1.0), {}),
    "other size": (ValueError, (np.ones((4, 2)), np.ones((4, 2))), {}),
    "other rank": (ValueError, (np.ones((4, 3, 2)), np.ones((4, 3, 2))), {}),
    "interrupt in y_true": (KeyboardInterrupt, (Interrupting(KeyboardInterrupt), ONES), {}),
    "interrupt in y_pred": (KeyboardInterrupt, (ONES, Interrupting(KeyboardInterrupt)), {}),
    "interrupt in weights": (KeyboardInterrupt, (ONES, ONES, Interrupting(KeyboardInterrupt)), {}),
    "exit in where": (SystemExit, (ONES, ONES), {"where": Interrupting(SystemExit)}),
    "memory": (MemoryError, (ONES, Interrupting(MemoryError)), {}),
}
ONLY_WITH_AXIS = {"axis outside", "other size", "other rank"}


@pytest.mark.parametrize("nan", ["propagate", "omit", "raise"])
@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_update_changes_nothing(failure: str, axis: Any, nan: str) -> None:
    error, args, options = FAILURES[failure]
    acc = sl.Accumulator([Tilted()], axis, nan).update(ONES, ONES * 3)
    before = state(acc)
    if axis is None and failure in ONLY_WITH_AXIS:
        acc.update(*args, **options)
        assert state(acc) != before
        return
    with pytest.raises(error):
        acc.update(*args, **options)
    assert state(acc) == before


@pytest.mark.parametrize("size", [6, 300_000])
@pytest.mark.parametrize("position", range(3))
def test_a_refused_nan_changes_nothing(position: int, size: int) -> None:
    acc = sl.Accumulator("mae", nan="raise").update([1.0], [2.0])
    before = state(acc)
    arrays = np.ones((3, size))
    arrays[position, -2] = NAN
    with pytest.raises(ValueError, match=r"nan='raise'.* 1 element"):
        acc.update(*arrays)
    assert state(acc) == before


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Turn alarms into KeyboardInterrupt."""

    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, previous)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")
@pytest.mark.parametrize("size", [64, 100_000, 400_000])
def test_an_interrupted_update_counts_whole_or_not_at_all(size: int, interrupted: None) -> None:
    y, p = RNG.standard_normal((2, size))
    one = sl.accumulate("mae", y, p)
    for delay in np.linspace(1e-4, 3e-3, 30):
        acc, done = sl.Accumulator("mae"), 0
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # it may come anywhere in the loop
            signal.setitimer(signal.ITIMER_REAL, delay)
            while True:
                acc.update(y, p)
                done += 1
        counted = acc.counts["elements"] // size
        assert counted in (done, done + 1)
        assert acc == sum([one] * counted, sl.Accumulator("mae"))


def test_a_loss_that_does_not_compile_changes_nothing() -> None:
    @sl.loss
    class Broken(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return y_true.no_such_method(y_pred)

    acc = sl.Accumulator(Broken())
    before = state(acc)
    with pytest.raises(TypeError, match="Broken"):
        acc.update([1.0], [2.0])
    assert state(acc) == before
