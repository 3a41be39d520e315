"""The base classes of losses and metrics: arguments that are fields, names, configurations."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Self

from streamloss.arrays.batch import FLOAT32
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common import arrays

from .arguments import (
    DTypeArgument,
    compute_of,
    dtype_of,
    is_floating,
    of_means,
    real,
    rounded,
    squeeze_or_expand,
)
from .kinds import KINDS
from .reductions import MEAN, reduce, standardize_reduction, truncated
from .terms import Terms
from .weights import mask_of


def snake_case(name: str) -> str:
    """Return the name of an instance of a class that is given none."""
    name = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


class Configured:
    """A loss or metric, whose attributes are the arguments that made it.

    A subclass with arguments of its own is a dataclass: its fields are the arguments of its
    constructor, in their order. Those which are not of every loss or metric are arguments of
    its function. A subclass without them names its function: ``class Hinge(PlainLoss,
    function="hinge")``, by which its instances are called too if there is no other `name`.
    """

    function: ClassVar[str] = ""
    """The name of the function of a class that has one."""

    first_in_config: ClassVar[tuple[str, ...]] = ()
    """The arguments of the function that configurations begin with, where fields do not."""

    name: str | None
    dtype: DTypeArgument
    """The name of the dtype, once it is made."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init_subclass__(cls, function: str = "", name: str = "") -> None:
        super().__init_subclass__()
        if function:
            cls.function, cls.name = function, name or function
            cls.__annotations__ = {"name": cls.__dataclass_fields__["name"].type}
            dataclasses.dataclass(eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        self.name = self.name or snake_case(type(self).__name__)
        self.dtype = self._dtype.name

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        if "_dtype" in attributes:  # of version 0.1
            attributes["dtype"] = attributes.pop("_dtype").name
        self.__dict__.update(attributes)

    @property
    def _dtype(self) -> DType:
        """The dtype of computations and results."""
        return dtype_of(self.dtype)

    def _arguments(self) -> dict[str, Any]:
        """Return the arguments of the function."""
        keys = (*self.first_in_config, *getattr(self, "__dataclass_fields__", ()))
        return {k: getattr(self, k) for k in keys if k not in ("name", "reduction", "dtype")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return what a configuration that `get_config` gave means."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        """Return whether configurations are equal, and every exact sum and count of metrics."""
        if type(other) is not type(self):
            return NotImplemented
        return bool(self.__dict__ == other.__dict__)


class Loss(Configured):
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

    reduction: str | None

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = MEAN,
        dtype: DTypeArgument = None,
    ) -> None:
        self.name, self.reduction, self.dtype = name, reduction, dtype
        self.__post_init__()

    def __post_init__(self) -> None:
        self.reduction = standardize_reduction(self.reduction)
        super().__post_init__()

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
        dtype = self._dtype
        true = rounded("y_true", real("y_true", arrays.array("y_true", y_true)), dtype)
        pred = rounded("y_pred", real("y_pred", arrays.array("y_pred", y_pred)), dtype)
        found = self._terms(true, pred, dtype)
        return reduce(found, sample_weight, mask_of(y_pred), self.reduction, dtype)

    def _terms(self, y_true: DuckArray, y_pred: DuckArray, dtype: DType) -> Terms:
        """Return what is summed of labels and predictions, which are rounded to a dtype."""
        if self.function:
            kind = KINDS[self.function]
            result = kind.result(dtype)
            y_true, y_pred = squeeze_or_expand(y_true, y_pred)
            found = kind.terms(y_true, y_pred, dtype, self._arguments())
            return found if is_floating(dtype) else truncated(found, result, dtype)
        losses = self.call(arrays.as_dtype(y_true, dtype), arrays.as_dtype(y_pred, dtype))
        values = rounded("losses", arrays.array("losses", losses), dtype)
        return Terms.of_values(values)._replace(compute=compute_of(dtype))

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Return the losses of arrays of the dtype of the loss; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} defines no call(y_true, y_pred)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        config: dict[str, Any] = {"name": self.name, "reduction": self.reduction}
        if self._dtype != FLOAT32:
            config["dtype"] = self.dtype
        return config | self._arguments()

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({given})"


@dataclasses.dataclass(eq=False, repr=False)
class PlainLoss(Loss):
    """A loss without arguments but those of every loss, in the order of most."""

    reduction: str | None = MEAN
    name: str = ""
    dtype: DTypeArgument = None


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


class Metric(Configured):
    """What all metrics do.

    Parameters
    ----------
    dtype : str or dtype, optional
        Of the result, and to which sample weights are rounded; float32 by default. An integer
        dtype truncates them, and the values of each sample; means are float32 then.
    name : str, optional
        That of the class in snake_case by default.

    Raises
    ------
    TypeError
        If the dtype is neither floating nor integer.
    """

    def __init__(self, dtype: DTypeArgument = None, name: str | None = None) -> None:
        self.name, self.dtype = name, dtype
        self.__post_init__()

    @property
    def _out(self) -> DType:
        """The dtype of results."""
        return of_means(self._dtype)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch."""
        raise NotImplementedError(f"{type(self).__name__} defines no update_state")

    def result(self) -> Any:
        """Return the value of all batches so far, of the dtype of the metric."""
        raise NotImplementedError(f"{type(self).__name__} defines no result")

    def reset_state(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} defines no reset_state")

    def _take(self, other: Self) -> None:
        """Add all that a metric of the same configuration has seen."""
        raise NotImplementedError(f"{type(self).__name__} defines no merge")

    def merge(self, other: Self) -> Self:
        """Add all that another metric has seen, exactly, and return this one.

        Raises
        ------
        TypeError
            If it is of another class.
        ValueError
            If it is configured otherwise.
        """
        if type(other) is not type(self):
            rule = f"only a {type(self).__name__} can be merged"
            raise TypeError(f"{rule}: got {type(other).__name__}")
        mine, theirs = (m.get_config() | {"name": None} for m in (self, other))
        if mine != theirs:
            raise ValueError(f"metrics must be configured alike to merge: got {theirs} and {mine}")
        self._take(other)
        return self

    def merge_state(self, metrics: Iterable[Self]) -> Self:
        """Add all that some metrics have seen, and return this one."""
        for metric in metrics:
            self.merge(metric)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch and return the value of all batches so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a metric like this one, without what it has seen."""
        return {"name": self.name, "dtype": self.dtype} | self._arguments()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
