"""What is refused of arrays of a GPU: each error names argument, rule and what came."""

import re
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest
from numba import cuda

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.compat import keras, sklearn, tf1, torch
from streamloss.kernels.switches import MULTIPLY
from streamloss.run.gpu import batches as gpu
from streamloss.run.gpu import launch
from tests.gpu.simulator.devices import Exported, OnGpu, put

Y = np.arange(6.0).reshape(2, 3)
UNIT = put(Y)


def evaluate(*arrays: Any, **how: Any) -> Callable[[], Any]:
    return lambda: sl.evaluate("mae", *arrays, **how)


ERRORS: dict[str, tuple[type[Exception], str, Callable[[], Any]]] = {
    "shapes": (
        ValueError,
        "y_pred must have the shape of y_true: got (6,) and (2, 3)",
        evaluate(UNIT, put(Y.ravel())),
    ),
    "weights": (
        ValueError,
        "weights must align with the leading axes of the losses: got (3,) for losses of shape",
        evaluate(UNIT, UNIT, put(Y[0])),
    ),
    "where": (
        ValueError,
        "where must align with the leading axes of the losses: got (3,) for losses of shape",
        evaluate(UNIT, UNIT, where=put(Y[0] > 1.0)),
    ),
    "dtype of where": (
        TypeError,
        "where must be boolean: got dtype float64",
        evaluate(UNIT, UNIT, where=UNIT),
    ),
    "text": (
        TypeError,
        "y_true must hold booleans, integers, or real or complex numbers",
        evaluate(put(np.array([["a", "b"]])), UNIT),
    ),
    "dates": (
        TypeError,
        "y_pred must hold booleans, integers, or real or complex numbers",
        evaluate(UNIT, put(Y.astype("M8[s]"))),
    ),
    "long double": (
        TypeError,
        "weights must hold booleans, integers, or real or complex numbers",
        evaluate(UNIT, UNIT, put(Y.astype(np.longdouble))),
    ),
    "complex weights": (
        TypeError,
        "weights must be real: got dtype complex128",
        evaluate(UNIT, UNIT, put(Y.astype(complex))),
    ),
    "a mask of its own": (
        TypeError,
        "y_pred must be an array without a mask of its own on a GPU: pass where=",
        evaluate(UNIT, OnGpu(Y, mask=put(Y > 1.0))),
    ),
    "masks of both kinds": (
        TypeError,
        "where must be an array of the CPU beside masked arrays: got one of a GPU",
        evaluate(np.ma.masked_array(Y, Y > 1.0), UNIT, where=put(Y > 1.0)),
    ),
    "axis": (ValueError, "axis 2 is out of bounds", evaluate(UNIT, UNIT, axis=2)),
    "a rule": (
        TypeError,
        "compat takes arrays of the CPU: got one of a GPU",
        lambda: gpu.sums(
            (sl.AbsoluteError(),),
            as_batch((sl.AbsoluteError(),), UNIT, UNIT, None, None),
            None,
            MULTIPLY,
        ),
    ),
    "a rule for none": (
        TypeError,
        "compat takes arrays of the CPU: got one of a GPU",
        lambda: gpu.values(
            sl.AbsoluteError(),
            as_batch((sl.AbsoluteError(),), UNIT, UNIT, None, None),
            MULTIPLY,
        ),
    ),
    "a lazy array": (
        TypeError,
        "weights must be a dask array, or an array of the CPU, beside dask arrays",
        evaluate(da.from_array(Y), Y, UNIT),
    ),
}


@pytest.mark.parametrize("error", ERRORS)
def test_errors(error: str) -> None:
    kind, message, call = ERRORS[error]
    with pytest.raises(kind, match=re.escape(message)):
        call()


def test_a_mask_of_the_cpu_hides_elements_of_a_gpu() -> None:
    masked = np.ma.masked_array(Y, Y > 3.0)
    assert sl.accumulate("mae", masked, put(Y)) == sl.accumulate("mae", masked, Y)


def test_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(launch.cuda, "cuda_error", lambda: "no driver", raising=False)
    for reduction in ("mean", "none"):
        with pytest.raises(RuntimeError, match=r"need a CUDA driver and GPU .*: no driver"):
            sl.evaluate("mae", UNIT, UNIT, reduction=reduction)


COMPAT: dict[str, Callable[[Any, Any], Any]] = {
    "tf1": tf1.absolute_difference,
    "tf1, losses": lambda a, b: tf1.compute_weighted_loss(a),
    "tf1, weights": lambda a, b: tf1.mean_squared_error(Y, Y, a),
    "keras": keras.losses.MAE,
    "keras, classes": lambda a, b: keras.losses.MeanAbsoluteError()(a, b),
    "keras, weights": lambda a, b: keras.losses.MeanAbsoluteError()(Y, Y, a),
    "keras, metrics": lambda a, b: keras.metrics.Mean()(a),
    "torch": torch.functional.l1_loss,
    "torch, classes": lambda a, b: torch.L1Loss()(a, b),
    "sklearn": sklearn.mean_absolute_error,
    "sklearn, labels": lambda a, b: sklearn.log_loss(a, b),
    "sklearn, weights": lambda a, b: sklearn.r2_score(Y[0], Y[0], sample_weight=a),
}


@pytest.mark.parametrize("place", [put, cuda.to_device, Exported])
@pytest.mark.parametrize("call", COMPAT)
def test_interfaces_of_frameworks_take_arrays_of_the_cpu(
    call: str, place: Callable[[Any], Any]
) -> None:
    with pytest.raises(TypeError, match="must be an array of the CPU in compat: got one of a GPU"):
        COMPAT[call](place(Y), place(Y))
