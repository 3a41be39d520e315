"""The base class of losses, and their reductions by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, Self

from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat import _engine
from streamloss.compat.keras._arrays import (
    FLOAT32,
    DTypeArgument,
    compute_of,
    dtype_of,
    is_floating,
    mask_of,
    real,
    rounded,
    squeeze_or_expand,
)
from streamloss.compat.keras._reduce import reduce, truncated
from streamloss.compat.keras._terms import KINDS, Terms, terms
from streamloss.losses import Value
from streamloss.support.brief import brief


class Reduction:
    """The reductions of `tf.keras` by their names; AUTO is SUM_OVER_BATCH_SIZE.

    Examples
    --------
    >>> Reduction.all()
    ('auto', 'none', 'sum', 'sum_over_batch_size')
    """

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Return the values of all members."""
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError if the key is no member's value."""
        if key not in cls.all():
            raise ValueError(f"reduction must be one of {cls.all()}: got {brief(key)}")


MEAN = "sum_over_batch_size"
"""The default reduction."""

REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")
SPELLINGS = {"auto": "sum_over_batch_size", "AUTO": "sum_over_batch_size"}
SPELLINGS |= {name.upper(): name for name in ("none", "sum", "sum_over_batch_size")}
"""Other names of reductions, of `tf.keras` before Keras 3."""


def standardize_reduction(reduction: Any) -> str | None:
    """Return the name of a reduction.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if isinstance(reduction, str):
        reduction = SPELLINGS.get(reduction, reduction)
    known = reduction is None or (isinstance(reduction, str) and reduction in REDUCTIONS)
    if not known:
        raise ValueError(
            "Invalid value for argument `reduction`. "
            f"Expected one of {REDUCTIONS}. Received: reduction={brief(reduction)}"
        )
    found: str | None = reduction
    return found


def snake_case(name: str) -> str:
    """Return the name of an instance of a class that is given none."""
    name = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


class Loss:
    """What every loss class does; subclasses of your own define `call`.

    Parameters
    ----------
    name : str, optional
        That of the class in snake_case by default.
    reduction : str or None
        What becomes of the losses of the rows, times their sample weights: ``"sum"``;
        ``"sum_over_batch_size"`` = ``"mean"``, the sum over their number or, with a mask, over
        that of the valid ones; ``"mean_with_sample_weight"``, the sum over the sum of the sample
        weights as they are passed, not broadcast; ``"none"`` = None. Over zero the result is
        zero. ``"auto"`` and names in capitals are those of `tf.keras`.
    dtype : str or dtype, optional
        To which labels, predictions and sample weights are rounded, and the result is; float32 by
        default. An integer dtype truncates them, and the losses, and means are float32 then.

    Raises
    ------
    ValueError
        If there is no such reduction.
    TypeError
        If the dtype is neither floating nor integer.

    Examples
    --------
    >>> class FirstError(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return abs(y_true - y_pred)[..., 0]
    >>> float(FirstError(reduction="sum")([[1.0, 9.0], [2.0, 9.0]], [[2.0, 0.0], [4.0, 0.0]]))
    3.0
    """

    function: ClassVar[str] = ""
    """The name of the function of a class that has one."""

    parameters: ClassVar[tuple[str, ...]] = ()
    """The arguments of that function that are attributes of the loss."""

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = MEAN,
        dtype: DTypeArgument = None,
    ) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype = dtype_of(dtype)

    @property
    def dtype(self) -> str:
        """The name of the dtype of computations and results."""
        return self._dtype.name

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None) -> Any:
        """Return the reduced loss.

        Parameters
        ----------
        y_true, y_pred : array_like
            Labels and predictions of shape ``[batch_size, d0, .. dN]``. A mask that `y_pred`
            carries as ``_keras_mask`` takes losses out; see `masked`.
        sample_weight : array_like, optional
            Multiplies the losses, which have shape ``[batch_size, d0, .. dN-1]``: one number, one
            for each sample, or an array that broadcasts as in numpy.

        Raises
        ------
        ValueError
            If shapes do not fit, or the shape of the sample weights is invalid.
        TypeError
            If an argument holds no numbers.
        """
        true, pred = (
            rounded(name, real(name, _engine.array(name, value)), self._dtype)
            for name, value in (("y_true", y_true), ("y_pred", y_pred))
        )
        found = self._terms(true, pred)
        return reduce(found, sample_weight, mask_of(y_pred), self.reduction, self._dtype)

    def _terms(self, y_true: DuckArray, y_pred: DuckArray) -> Terms:
        """Return what is summed."""
        if self.function:
            y_true, y_pred = squeeze_or_expand(y_true, y_pred)
            given = {key: getattr(self, key) for key in self.parameters}
            result = KINDS[self.function].result(self._dtype)
            found = terms(self.function, y_true, y_pred, self._dtype, **given)
            return found if is_floating(self._dtype) else truncated(found, result, self._dtype)
        y_true, y_pred = (_engine.as_dtype(a, self._dtype) for a in (y_true, y_pred))
        values = rounded("losses", _engine.array("losses", self.call(y_true, y_pred)), self._dtype)
        return Terms((Value(),), (values,), values.shape, (), compute_of(self._dtype))

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Return the losses of arrays of the dtype of the loss; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} defines no call(y_true, y_pred)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        config = {"name": self.name, "reduction": self.reduction}
        if self._dtype != FLOAT32:
            config["dtype"] = self.dtype
        return config | {key: getattr(self, key) for key in self.parameters}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the loss of a configuration that `get_config` gave."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self.__dict__ == other.__dict__)

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({given})"


class LossFunctionWrapper(Loss):
    """The loss class of a function ``fn(y_true, y_pred, **kwargs)`` that returns losses.

    Examples
    --------
    >>> loss = LossFunctionWrapper(lambda y_true, y_pred: abs(y_true - y_pred), reduction="sum")
    >>> float(loss([1.0, 2.0], [2.0, 4.0]))
    3.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = MEAN,
        name: str | None = None,
        dtype: DTypeArgument = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Return the losses that the function gives."""
        return self.fn(*squeeze_or_expand(y_true, y_pred), **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss, the function itself among them."""
        return super().get_config() | {"fn": self.fn} | self._fn_kwargs
