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

import sys as _sys

from . import losses, metrics, sample_means, weights
from .losses import *  # noqa: F403
from .weights import masked

__all__ = ["losses", "masked", "metrics"]
__all__ += losses.__all__

# Pickles of version 0.1 name the modules as they were called then.
for _old in ("_classes", "_crossentropies", "_functions", "_loss"):
    _sys.modules[f"{__name__}.{_old}"] = losses
for _old in ("_means", "_r2"):
    _sys.modules[f"{__name__}.{_old}"] = metrics
_sys.modules[f"{__name__}._metric"] = sample_means
_sys.modules[f"{__name__}._arrays"] = weights
