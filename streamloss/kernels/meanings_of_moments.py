"""What the names of `moments` mean when compiled: the factors of an element, and its streams."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from numba import types

from streamloss.losses import arithmetic

from . import elements
from .compiler import INLINE, LOSS
from .registry import compiled, meaning


def of_element(function, inputs):
    """Return the meaning of a function of a loss and the numbers of an element."""
    widen, at = elements.widen, elements.at
    match len(inputs):
        case 1:
            return lambda loss, inputs, i: function(loss, widen(at(inputs[0], i)))
        case 2:
            return lambda loss, inputs, i: function(
                loss, widen(at(inputs[0], i)), widen(at(inputs[1], i))
            )
        case 3:
            return lambda loss, inputs, i: function(
                loss, widen(at(inputs[0], i)), widen(at(inputs[1], i)), widen(at(inputs[2], i))
            )
    return None


def product_of_factors(loss, inputs, i):
    """Return the product of the factors of element i, rounded."""
    numbers = elements.factors(loss, inputs, i)
    return numbers[0] * numbers[1] if len(numbers) == 2 else numbers[0]


@meaning(elements.factors, INLINE)
def _factors(loss, inputs, i):
    return of_element(compiled(loss.instance_class.factors, {"forceinline": True, **LOSS}), inputs)


@meaning(elements.streams, INLINE)
def _streams(loss, inputs, weights, i):
    factors, error = elements.factors, arithmetic.product_error
    widen, at = elements.widen, elements.at
    two = loss.instance_class.streams == 4
    if isinstance(weights, types.NoneType) and not two:
        return lambda loss, inputs, weights, i: (factors(loss, inputs, i)[0], 0.0, 0.0, 0.0)
    if isinstance(weights, types.NoneType):

        def unweighted(loss, inputs, weights, i):
            x, y = factors(loss, inputs, i)
            return x * y, 0.0, error(x, y), 0.0

        return unweighted
    if not two:

        def of_one(loss, inputs, weights, i):
            x, weight = factors(loss, inputs, i)[0], widen(at(weights, i))
            return weight * x, error(weight, x), 0.0, 0.0

        return of_one

    def of_two(loss, inputs, weights, i):
        (x, y), weight = factors(loss, inputs, i), widen(at(weights, i))
        high, low = x * y, error(x, y)
        return weight * high, error(weight, high), weight * low, error(weight, low)

    return of_two


@meaning(elements.rows, INLINE)
def _rows(loss):
    count = loss.instance_class.streams
    return lambda loss: count


@meaning(elements.has_two_factors, INLINE)
def _has_two_factors(loss):
    two = loss.instance_class.streams == 4
    return lambda loss: two


@meaning(elements.is_given, INLINE)
def _is_given(weights):
    given = not isinstance(weights, types.NoneType)
    return lambda weights: given
