"""Keras 3: its losses and streaming metrics, exact and on arrays of any size.

``from streamloss.compat.keras import losses, metrics`` stands for ``from keras import losses,
metrics``; functions and loss classes are here too.

Examples
--------
>>> from streamloss.compat import keras
>>> keras.losses.Huber(delta=0.5)([[0.0, 1.0]], [[0.25, 3.0]], sample_weight=[2.0])
np.float32(0.90625)
>>> metric = keras.metrics.MeanAbsoluteError()
>>> metric.update_state([[0.0, 1.0]], [[1.0, 1.0]])
>>> metric.result()
np.float32(0.5)
"""

from . import losses, metrics
from ._arrays import masked
from .losses import *  # noqa: F403
from .losses import __all__ as _names

__all__ = ["losses", "masked", "metrics", *_names]
