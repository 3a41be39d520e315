"""The loss classes of Keras, second part: cross-entropies and losses of sets."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike, DuckArray
from streamloss.compat.keras._arrays import DTypeArgument, KerasAxis
from streamloss.compat.keras._functions import circle, ctc
from streamloss.compat.keras._loss import MEAN, Loss
from streamloss.support.brief import brief


class BinaryCrossentropy(Loss):
    """The mean cross-entropy of labels 0 and 1, in nats; arguments of `binary_crossentropy`.

    Examples
    --------
    >>> BinaryCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    np.float32(0.8149245)
    """

    function = "binary_crossentropy"
    parameters = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str = "binary_crossentropy",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class BinaryFocalCrossentropy(Loss):
    """The mean focal loss of labels 0 and 1; arguments of `binary_focal_crossentropy`.

    Examples
    --------
    >>> BinaryFocalCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    np.float32(0.26783153)
    """

    function = "binary_focal_crossentropy"
    parameters = (
        "from_logits",
        "label_smoothing",
        "axis",
        "apply_class_balancing",
        "alpha",
        "gamma",
    )

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str = "binary_focal_crossentropy",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis
        self.apply_class_balancing, self.alpha, self.gamma = apply_class_balancing, alpha, gamma


class CategoricalCrossentropy(Loss):
    """The mean cross-entropy of one-hot labels; arguments of `categorical_crossentropy`.

    Examples
    --------
    >>> CategoricalCrossentropy()([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    np.float32(0.6931472)
    """

    function = "categorical_crossentropy"
    parameters = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str = "categorical_crossentropy",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class CategoricalFocalCrossentropy(Loss):
    """The mean focal loss of one-hot labels; arguments of `categorical_focal_crossentropy`.

    Examples
    --------
    >>> CategoricalFocalCrossentropy()([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    np.float32(0.0433217)
    """

    function = "categorical_focal_crossentropy"
    parameters = ("from_logits", "label_smoothing", "axis", "alpha", "gamma")

    def __init__(
        self,
        alpha: ArrayLike = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str = "categorical_focal_crossentropy",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis
        self.alpha, self.gamma = alpha, gamma


class SparseCategoricalCrossentropy(Loss):
    """The mean cross-entropy of classes; arguments of `sparse_categorical_crossentropy`.

    Rows of `ignore_class` count in no mean.

    Examples
    --------
    >>> SparseCategoricalCrossentropy(ignore_class=-1)([1, -1], [[0.5, 0.5], [0.25, 0.75]])
    np.float32(0.6931472)
    """

    function = "sparse_categorical_crossentropy"
    parameters = ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = MEAN,
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis


class CategoricalGeneralizedCrossEntropy(Loss):
    """The mean of ``(1 - p**q) / q``, p the probability of a label's class.

    Raises
    ------
    ValueError
        If q is not strictly between 0 and 1.

    Examples
    --------
    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    function = "categorical_generalized_cross_entropy"
    parameters = ("q",)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = MEAN,
        name: str = "categorical_generalized_cross_entropy",
        dtype: DTypeArgument = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"q must be strictly between 0 and 1: got {brief(q)}")
        super().__init__(name, reduction, dtype)
        self.q = q


class Dice(Loss):
    """The Dice loss of a whole array, or the mean of those over `axis`.

    Examples
    --------
    >>> float(Dice()([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]))
    0.5
    """

    function = "dice"
    parameters = ("axis",)

    def __init__(
        self,
        reduction: str | None = MEAN,
        name: str = "dice",
        axis: KerasAxis = None,
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = axis


class Tversky(Loss):
    """The Tversky loss of a whole array, or the mean of those over `axis`; see `tversky`.

    Examples
    --------
    >>> float(Tversky()([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]))
    0.5
    """

    function = "tversky"
    parameters = ("alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = MEAN,
        name: str = "tversky",
        axis: KerasAxis = None,
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha, self.beta, self.axis = alpha, beta, axis


class Circle(Loss):
    """Not here: calling it raises NotImplementedError, as `circle` does."""

    parameters = ("gamma", "margin", "remove_diagonal")

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = MEAN,
        name: str = "circle",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.gamma, self.margin, self.remove_diagonal = gamma, margin, remove_diagonal

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Raise NotImplementedError."""
        circle(y_true, y_pred)


class CTC(Loss):
    """Not here: calling it raises NotImplementedError, as `ctc` does."""

    def __init__(
        self, reduction: str | None = MEAN, name: str = "ctc", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Raise NotImplementedError."""
        ctc(y_true, y_pred)
