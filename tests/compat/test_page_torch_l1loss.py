"""torch.nn.L1Loss as its page has it, sentence by sentence; each test quotes what it tests."""

from __future__ import annotations

import inspect
from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest

from streamloss.compat import torch as nn
from streamloss.compat.torch import functional

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(2, 3, 5)).astype(np.float32)


def exact(errors: Any, divisor: int = 1) -> Any:
    """Return the float32 nearest to the exact sum over a divisor."""
    total = sum((Fraction(float(e)) for e in np.ravel(errors)), Fraction(0))
    return np.float32(float(total / divisor))


def errors(x: Any = X, y: Any = Y) -> Any:
    return np.abs(x.astype(np.float64) - y)


def test_signature() -> None:
    """class torch.nn.L1Loss(size_average=None, reduce=None, reduction='mean')"""
    parameters = inspect.signature(nn.L1Loss).parameters.values()
    found = [(p.name, p.default) for p in parameters]
    assert found == [("size_average", None), ("reduce", None), ("reduction", "mean")]
    assert {p.kind for p in parameters} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


def test_mean_absolute_error() -> None:
    """Creates a criterion that measures the mean absolute error (MAE) between each element in the
    input x and target y."""
    assert nn.L1Loss()(X, Y) == exact(errors(), 15)


def test_unreduced() -> None:
    """The unreduced (i.e. with reduction set to 'none') loss can be described as:
    l(x, y) = L = {l_1, ..., l_N}, l_n = |x_n - y_n|, where N is the batch size."""
    found = nn.L1Loss(reduction="none")(X, Y)
    assert found.tobytes() == np.abs(X - Y).tobytes()


def test_reduced() -> None:
    """If reduction is not 'none' (default 'mean'), then: l(x, y) = mean(L), if reduction =
    'mean'; sum(L), if reduction = 'sum'."""
    losses = nn.L1Loss(reduction="none")(X.astype(np.float64), Y)
    assert nn.L1Loss(reduction="mean")(X, Y) == exact(losses, losses.size)
    assert nn.L1Loss(reduction="sum")(X, Y) == exact(losses)


@pytest.mark.parametrize(
    "shape", [(), (1,), (7,), (2, 3), (2, 1, 4), (2, 1, 3, 2), (1, 2, 1, 2, 2)]
)
def test_arbitrary_shapes(shape: tuple[int, ...]) -> None:
    """x and y are tensors of arbitrary shapes with a total of N elements each."""
    x, y = RNG.normal(size=(2, *shape))
    assert nn.L1Loss()(x, y) == pytest.approx(np.abs(x - y).mean(), rel=1e-14)


def test_divides_by_n() -> None:
    """The sum operation still operates over all the elements, and divides by N."""
    assert nn.L1Loss()(np.zeros((2, 3)), np.float64([[1, 2, 3], [4, 5, 6]])) == 21.0 / 6.0


def test_division_can_be_avoided() -> None:
    """The division by N can be avoided if one sets reduction = 'sum'."""
    assert nn.L1Loss(reduction="sum")(np.zeros((2, 3)), np.float64([[1, 2, 3], [4, 5, 6]])) == 21.0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_real_inputs(dtype: type) -> None:
    """Supports real-valued and complex-valued inputs. (Real ones.)"""
    found = nn.L1Loss()(np.array([1.0, -2.0], dtype), np.array([3.0, 1.0], dtype))
    assert found == 2.5
    assert found.dtype == dtype


@pytest.mark.parametrize(
    ("dtype", "real"), [(np.complex64, np.float32), (np.complex128, np.float64)]
)
def test_complex_inputs(dtype: type, real: type) -> None:
    """Supports real-valued and complex-valued inputs. (Complex ones: the modulus.)"""
    found = nn.L1Loss()(np.array([3 + 4j, 1.0], dtype), np.array([0.0, 1 - 1j], dtype))
    assert found == 3.0
    assert found.dtype == real


WARNING = "size_average and reduce args will be deprecated, please use reduction="


def legacy(**options: Any) -> nn.L1Loss:
    """Make the criterion with deprecated arguments, which warn."""
    with pytest.warns(UserWarning, match=WARNING):
        return nn.L1Loss(**options)


def test_size_average_is_deprecated() -> None:
    """size_average (bool, optional) - Deprecated (see reduction)."""
    legacy(size_average=True)


def test_by_default_averaged_over_each_element() -> None:
    """By default, the losses are averaged over each loss element in the batch. Note that for some
    losses, there are multiple elements per sample."""
    assert legacy(size_average=True)(X, Y) == nn.L1Loss()(X, Y) == exact(errors(), X.size)


def test_size_average_false_sums() -> None:
    """If the field size_average is set to False, the losses are instead summed for each
    minibatch."""
    assert legacy(size_average=False)(X, Y) == exact(errors())


@pytest.mark.parametrize("average", [True, False, None])
def test_size_average_is_ignored_when_reduce_is_false(average: bool | None) -> None:
    """Ignored when reduce is False. Default: True. (And of reduce: When reduce is False, returns a
    loss per batch element instead and ignores size_average.)"""
    assert legacy(size_average=average, reduce=False)(X, Y).tobytes() == np.abs(X - Y).tobytes()


def test_reduce_is_deprecated() -> None:
    """reduce (bool, optional) - Deprecated (see reduction)."""
    legacy(reduce=True)


@pytest.mark.parametrize(("average", "divisor"), [(True, 15), (None, 15), (False, 1)])
def test_reduce_depends_on_size_average(average: bool | None, divisor: int) -> None:
    """By default, the losses are averaged or summed over observations for each minibatch depending
    on size_average. Default: True"""
    assert legacy(size_average=average, reduce=True)(X, Y) == exact(errors(), divisor)


def test_reduction_names() -> None:
    """reduction (str, optional) - Specifies the reduction to apply to the output: 'none' | 'mean' |
    'sum'."""
    for name in ("none", "mean", "sum"):
        assert nn.L1Loss(reduction=name).reduction == name
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        nn.L1Loss(reduction="average")(X, Y)


def test_none() -> None:
    """'none': no reduction will be applied"""
    assert nn.L1Loss(reduction="none")(X, Y).shape == X.shape


def test_mean() -> None:
    """'mean': the sum of the output will be divided by the number of elements in the output"""
    assert nn.L1Loss(reduction="mean")(X, Y) == exact(
        errors(), nn.L1Loss(reduction="none")(X, Y).size
    )


def test_sum() -> None:
    """'sum': the output will be summed."""
    assert nn.L1Loss(reduction="sum")(X, Y) == exact(errors())


@pytest.mark.parametrize("options", [{"size_average": True}, {"reduce": True}])
def test_the_deprecated_arguments_override_reduction(options: dict[str, bool]) -> None:
    """Note: size_average and reduce are in the process of being deprecated, and in the meantime,
    specifying either of those two args will override reduction."""
    assert legacy(**options, reduction="sum")(X, Y) == exact(errors(), X.size)
    assert legacy(**options, reduction="sum").reduction == "mean"


def test_default_reduction() -> None:
    """Default: 'mean'"""
    assert nn.L1Loss().reduction == "mean"
    assert functional.l1_loss(X, Y) == functional.l1_loss(X, Y, reduction="mean")


def test_input_of_any_number_of_dimensions() -> None:
    """Input: (*), where * means any number of dimensions."""
    for rank in range(8):
        assert nn.L1Loss()(np.ones((1,) * rank), np.zeros((1,) * rank)) == 1.0


def test_target_of_the_same_shape() -> None:
    """Target: (*), same shape as the input. (The code broadcasts others, and warns.)"""
    with pytest.warns(UserWarning, match="Using a target size .* different to the input size"):
        assert nn.L1Loss()(np.zeros((2, 3)), np.float64([1.0, 2.0, 3.0])) == 2.0
    with (
        pytest.warns(UserWarning, match="Using a target size"),
        pytest.raises(RuntimeError, match="must match"),
    ):
        nn.L1Loss()(np.zeros((2, 3)), np.zeros((2, 2)))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_output_is_a_scalar(reduction: str) -> None:
    """Output: scalar."""
    assert nn.L1Loss(reduction=reduction)(X, Y).shape == ()
    assert isinstance(nn.L1Loss(reduction=reduction)(X, Y), np.float32)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 1)])
def test_output_of_the_shape_of_the_input(shape: tuple[int, ...]) -> None:
    """If reduction is 'none', then (*), same shape as the input."""
    assert nn.L1Loss(reduction="none")(np.ones(shape), np.zeros(shape)).shape == shape


def test_example() -> None:
    """>>> loss = nn.L1Loss()
    >>> input = torch.randn(3, 5, requires_grad=True)
    >>> target = torch.randn(3, 5)
    >>> output = loss(input, target)"""
    loss = nn.L1Loss()
    input = RNG.standard_normal((3, 5), np.float32)
    target = RNG.standard_normal((3, 5), np.float32)
    output = loss(input, target)
    assert output == exact(errors(input, target), 15)


def test_example_out_of_core() -> None:
    """The same example of dask arrays, whose chunks never meet in memory."""
    output = nn.L1Loss()(da.from_array(X, chunks=(2, 2)), da.from_array(Y, chunks=(1, 3)))
    assert isinstance(output, da.Array)
    assert output.compute(scheduler="sync").tobytes() == nn.L1Loss()(X, Y).tobytes()
