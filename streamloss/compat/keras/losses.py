"""The module `keras.losses`: functions, classes, and how they are named and stored.

Examples
--------
>>> from streamloss.compat.keras import losses
>>> losses.get("mse")([[0.0, 1.0]], [[1.0, 3.0]])
array([2.5], dtype=float32)
>>> losses.deserialize(losses.serialize(losses.Huber(0.5))) == losses.Huber(0.5)
True
"""

from __future__ import annotations

from typing import Any

from . import absent, margins, objects, probabilities, regression, similarity
from .absent import *  # noqa: F403
from .base import Loss, LossFunctionWrapper
from .margins import *  # noqa: F403
from .names import Named
from .objects import *  # noqa: F403
from .probabilities import *  # noqa: F403
from .reductions import Reduction
from .regression import *  # noqa: F403
from .similarity import *  # noqa: F403

__all__ = ["Loss", "Reduction", "deserialize", "get", "serialize"]
__all__ += absent.__all__
__all__ += margins.__all__
__all__ += objects.__all__
__all__ += probabilities.__all__
__all__ += regression.__all__
__all__ += similarity.__all__

_KNOWN = {name: globals()[name] for name in __all__ if name in globals()}
_KNOWN |= {"bce": probabilities.binary_crossentropy, "BCE": probabilities.binary_crossentropy}
_NAMED = Named("loss", "keras.losses", _KNOWN | {"LossFunctionWrapper": LossFunctionWrapper})


def get(identifier: object) -> Any:
    """Return the loss that a name, a class, a configuration or a loss itself means.

    Raises
    ------
    ValueError
        If it means none.
    """
    return _NAMED.get(identifier)


def serialize(loss: object) -> dict[str, Any]:
    """Return a loss class's instance, or a function, as a dict for JSON."""
    return _NAMED.serialize(loss)


def deserialize(name: object, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the loss of a dict that `serialize` gave, or of a name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    return _NAMED.deserialize(name, custom_objects)
