"""Every loss: a NamedTuple of its parameters with its mathematics in `point` or `row`.

`point` is the formula for one element: it takes float64 (complex128 where `complex_inputs` says
so) and is compiled. `row` is the formula for one row along the last axis: it takes 1-d float64
arrays, and one float for an input without that axis. `finish` is applied to the rounded mean. The
order of the operations in a formula is part of its contract: it decides the last bit. Losses of
logarithms and powers say how large their error is, for rows of up to five numbers; each further one
adds half an ulp at most.

Where a prediction is infinite or zero and the formula is inf - inf, 0 * inf or 0 * log 0, a loss
has the formula's limit in the predictions alone: a term whose label or class weight is 0 is 0. Of
several infinite predictions of a row it is the value that all paths share, as far as its terms
each have one, else NaN. `tests/losses/test_limits.py` follows the textbook formulas there.

A parameter named like a switch (`binary`, `full`, `swap`) is 0 or 1. What one framework or
another does differently is a parameter, not a copy.
"""

from functools import partial
from typing import TYPE_CHECKING

from .names import LOSSES as LOSSES
from .names import attribute, defined_in, directory

_FAMILIES = (
    "regression",
    "binary",
    "probabilities",
    "classes",
    "labels",
    "likelihood",
    "margins",
    "similarity",
)
"""The modules with losses, in the order in which a loss is looked for."""

defined_in(__name__, _FAMILIES)

if TYPE_CHECKING:
    from .binary import *  # noqa: F403
    from .classes import *  # noqa: F403
    from .labels import *  # noqa: F403
    from .likelihood import *  # noqa: F403
    from .margins import *  # noqa: F403
    from .probabilities import *  # noqa: F403
    from .regression import *  # noqa: F403
    from .similarity import *  # noqa: F403

    __all__: list[str]
else:
    __getattr__ = partial(attribute, __name__)
    __dir__ = partial(directory, __name__)
