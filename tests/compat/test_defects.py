"""Defects of other tools, by reading their sources: for each one that we do not have it."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.compat import keras, sklearn, tf1
from streamloss.compat import torch as nn


def chunked(array: Any, chunks: Any) -> Any:
    return da.from_array(np.asarray(array), chunks=chunks)


def test_dask_ml_log_loss_is_the_mean_of_the_means_of_chunks() -> None:
    """Nine losses of 0 and one of 10, in chunks of 9 and 1, have the mean 1 and not 5."""
    losses = np.array([0.0] * 9 + [10.0])
    assert sl.reduce(chunked(losses, ((9, 1),))).compute() == 1.0

    labels = np.array([0, 1] * 5)
    shares = np.array([1e-9, 1.0 - 1e-9] * 4 + [1e-9, np.exp(-10.0)])
    whole = sklearn.log_loss(labels, shares)
    assert whole == pytest.approx(1.0, rel=1e-6)
    lazy = sklearn.log_loss(chunked(labels, ((9, 1),)), chunked(shares, ((9, 1),)))
    assert float(lazy) == whole


def test_torchmetrics_mean_absolute_error_never_casts_integers() -> None:
    """Of uint8, |3 - 5| is 2 and not 254."""
    three, five = np.uint8([3]), np.uint8([5])
    assert sl.evaluate("mae", five, three) == 2.0
    assert nn.L1Loss(reduction="none")(three, five) == 2
    assert sklearn.mean_absolute_error(five, three) == 2.0
    assert keras.losses.mean_absolute_error(five, three) == 2.0
    assert tf1.absolute_difference(five, three) == 2.0


def test_scikit_learn_squared_error_of_uint8_wraps() -> None:
    """Of uint8, (0 - 16)**2 is 256 and not 0."""
    assert sl.evaluate("mse", np.uint8([0]), np.uint8([16])) == 256.0
    assert sklearn.mean_squared_error(np.uint8([0]), np.uint8([16])) == 256.0


def test_torchmetrics_psnr_of_uint8_wraps() -> None:
    """The mean squared error of images of uint8 is that of their numbers."""
    image = np.arange(256, dtype=np.uint8)
    mean = np.mean((image.astype(np.int64) - image[::-1]) ** 2)
    assert sl.evaluate("mse", image, image[::-1]) == mean
    assert sl.evaluate("mse", chunked(image, 50), chunked(image[::-1], 70)).compute() == mean


@pytest.mark.parametrize("nan", ["propagate", "omit", "raise"])
def test_torchmetrics_mean_metric_replaces_weights_by_ones(nan: str) -> None:
    """No policy for NaN changes the weights of what is not NaN."""
    losses, weights = [1.0, 5.0], [3.0, 1.0]
    assert sl.reduce(losses, weights, nan=nan) == 2.0
    accumulator = sl.Accumulator("value", nan=nan).update(losses, None, weights)
    assert accumulator.result() == 2.0


def test_torchmetrics_compute_groups_merge_metrics_whose_states_are_alike() -> None:
    """After errors of 1, MAE and MSE have the same state; they go on apart."""
    accumulator = sl.Accumulator(["mae", "mse"]).update([0.0, 0.0], [1.0, -1.0])
    assert accumulator.result() == {"mae": 1.0, "mse": 1.0}
    accumulator.update([0.0, 0.0], [3.0, 5.0])
    assert accumulator.result() == {"mae": 10.0 / 4, "mse": 36.0 / 4}


def test_torcheval_merge_into_an_empty_metric_aliases_the_other() -> None:
    """Two outputs, as there: what was merged keeps its state whatever the merged one does."""
    part = sl.accumulate("mse", [[0.0, 0.0]], [[1.0, 2.0]], axis=0)
    before = part.to_bytes()
    total = sl.Accumulator("mse", axis=0).merge(part)
    total.update([[0.0, 0.0]], [[5.0, 5.0]])
    assert part.to_bytes() == before
    assert part.result().tolist() == [1.0, 4.0]
    assert total.result().tolist() == [13.0, 14.5]
    assert sl.merge([part]).update([[0.0, 0.0]], [[5.0, 5.0]]) == total
    assert part.to_bytes() == before


def test_ignite_mean_absolute_error_divides_by_the_rows() -> None:
    """Errors of 1 in an array of shape (2, 3) have the mean 1 and not 3."""
    zeros, ones = np.zeros((2, 3)), np.ones((2, 3))
    assert sl.evaluate("mae", zeros, ones) == 1.0
    assert sl.evaluate("mae", zeros, ones, np.ones(2)) == 1.0
    assert nn.L1Loss()(ones, zeros) == 1.0
    assert keras.losses.MeanAbsoluteError()(zeros, ones) == 1.0
    assert sklearn.mean_absolute_error(zeros, ones) == 1.0
    assert tf1.absolute_difference(zeros, ones) == 1.0


def test_river_metrics_drop_the_weights_of_their_members() -> None:
    """Several losses in one accumulator get the weights that one alone gets, and give them back."""
    both = sl.Accumulator(["mae", "mse"]).update([0.0, 0.0], [1.0, 3.0], [3.0, 1.0])
    alone = sl.Accumulator("mae").update([0.0, 0.0], [1.0, 3.0], [3.0, 1.0])
    assert both.result() == {"mae": 1.5, "mse": 3.0}
    assert alone.result() == 1.5
    other = sl.accumulate(["mae", "mse"], [0.0], [7.0], [0.3])
    assert (both + other) - other == both


def test_hugging_face_evaluate_rounds_labels_to_float32() -> None:
    """A label of float64 keeps its digits."""
    label, digit = 1.0 + 2.0**-40, 2.0**-40
    assert np.float32(label) == 1.0
    assert sl.evaluate("mae", [label], [1.0]) == digit
    assert sklearn.mean_absolute_error([label], [1.0]) == digit
    assert nn.L1Loss()(np.float64([label]), np.float64([1.0])) == digit
    assert sl.evaluate("mae", chunked([label], 1), chunked([1.0], 1)).compute() == digit


def test_tfma_drops_nan_errors_silently() -> None:
    """A NaN makes the mean NaN, unless the caller omits it; then it is counted."""
    labels, predictions = [1.0, 2.0, 3.0], [1.0, np.nan, 5.0]
    assert np.isnan(sl.evaluate("mae", labels, predictions))
    assert np.isnan(nn.L1Loss()(predictions, labels))
    assert np.isnan(tf1.absolute_difference(labels, predictions))
    assert np.isnan(keras.losses.MeanAbsoluteError()(np.array(labels), np.array(predictions)))
    with pytest.raises(ValueError, match="NaN"):
        sklearn.mean_absolute_error(labels, predictions)
    accumulator = sl.Accumulator("mae", nan="omit").update(labels, predictions)
    assert accumulator.result() == 1.0
    assert accumulator.counts["nan"] == 1


def test_scores_2_3_0_weighs_otherwise_under_the_same_name() -> None:
    """Each mean has one denominator and its own name; no release may change these numbers."""
    losses, weights = [1.0, 3.0, 8.0], [1.0, 0.5, 0.0]
    found = {name: sl.reduce(losses, weights, reduction=name) for name in sl.Reduction}
    assert found.pop(sl.Reduction.NONE).tolist() == [1.0, 1.5, 0.0]
    assert found == {
        "weighted_sum": 2.5,
        "weighted_mean": 2.5 / 1.5,
        "weighted_sum_over_batch_size": 2.5 / 3,
        "weighted_sum_by_nonzero_weights": 2.5 / 2,
    }
    doubled = [2.0 * weight for weight in weights]
    assert sl.reduce(losses, doubled) == sl.reduce(losses, weights) == 2.5 / 1.5
