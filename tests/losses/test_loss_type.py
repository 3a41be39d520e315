"""What the decorator makes: a class derived from the one written, which tools take for it."""

import inspect
import pickle
import subprocess
import sys
from typing import Any, Generic, NamedTuple, TypeVar

import pytest

import streamloss as sl
from streamloss.losses.base import Loss, Memory, is_loss, is_loss_class
from streamloss.losses.define import KINDS, TAKEN
from streamloss.losses.names import LOSSES

T = TypeVar("T")


class Written(NamedTuple):
    """What its author says."""

    scale: sl.Positive = 2.0

    def point(self, y_true: float, y_pred: float) -> float:
        return self.scale * abs(y_pred - y_true)

    def finish(self, mean: float) -> float:
        return mean + 1.0


Made: Any = sl.loss(Written)


@sl.loss
class Derived(Made):
    __slots__ = ()

    def finish(self, mean: float) -> float:
        return -super().finish(mean)


def test_the_class_written_stays_as_it_was() -> None:
    assert not is_loss_class(Written)
    assert Written(-1.0) == (-1.0,)
    assert not set(vars(Written)) & {"key", "ranks", "memory", "__eq__"}


def test_a_loss_class_answers_as_it_was_written() -> None:
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(Made, name) == getattr(Written, name)
    assert list(inspect.signature(Made).parameters) == ["scale"]
    assert Made._fields == ("scale",)
    assert repr(Made(3)) == "Written(scale=3.0)"
    assert not hasattr(Made(), "__dict__")


def test_what_is_not_written_has_the_values_of_loss() -> None:
    loss = sl.Huber(0.5)
    assert (loss.finish, loss.combine, loss.streams, loss.parts) == (None, None, 1, ())
    assert (Made.name, Made.aliases, Made.formula) == ("", (), "")
    assert Made().finish(1.0) == 2.0


def test_a_loss_may_be_derived_from_another_and_call_it() -> None:
    assert sl.evaluate(Made(), [1.0], [2.0]) == 3.0
    assert sl.evaluate(Derived(), [1.0], [2.0]) == -3.0
    assert Derived() != Made()


def test_a_class_derived_from_a_loss_is_none_before_it_is_made_one() -> None:
    class Undecorated(sl.Huber):
        __slots__ = ()

    assert not is_loss(Undecorated(1.0))
    with pytest.raises(TypeError, match="a loss must be a name or a loss"):
        sl.evaluate(Undecorated(1.0), [1.0], [2.0])


def test_a_loss_may_be_generic() -> None:
    class Typed(NamedTuple, Generic[T]):
        scale: float = 1.0

        def point(self, y_true: float, y_pred: float) -> float:
            return self.scale * (y_pred - y_true)

    made: Any = sl.loss(Typed)
    assert made[int](2.0) == made(2.0)


def test_every_loss_has_every_attribute() -> None:
    for cls in LOSSES.values():
        lacking = {attribute for attribute in TAKEN if not hasattr(cls, attribute)}
        if cls.combine is not None:
            assert lacking - ({"sums"} if hasattr(cls, "cells") else set()) == set(KINDS)
        else:
            assert lacking == {"sums", *KINDS} - {cls.body.__name__}
        assert issubclass(cls, Loss)


def test_a_local_class_is_a_loss_in_another_process() -> None:
    class Local(NamedTuple):
        scale: sl.Positive = 2.0

        def point(self, y_true: float, y_pred: float) -> float:
            return self.scale * abs(y_pred - y_true)

    made: Any = sl.loss(Local)
    made.memory["kernel"] = print
    data = pytest.importorskip("cloudpickle").dumps(made(3.0))
    script = f"""if True:
        import pickle, streamloss as sl
        loss = pickle.loads({data!r})
        print(dict(loss.memory), loss == type(loss)(3.0), sl.evaluate(loss, [1.0], [2.0]))
    """
    found = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert found.split() == ["{}", "True", "3.0"]


def test_loss_alone_makes_no_loss() -> None:
    with pytest.raises(TypeError, match="a loss is made of a NamedTuple, by @loss"):
        Loss(1.0)


def test_memory_stays_in_its_process() -> None:
    memory = Memory()
    memory["kernel"] = print
    assert pickle.loads(pickle.dumps(memory)) == {}
