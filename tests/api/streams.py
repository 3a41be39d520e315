"""Batches, and accumulators of every kind that have seen them."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import streamloss as sl

RNG = np.random.default_rng(3)
Y, P, W = RNG.standard_normal((3, 60)) * 10.0 ** RNG.integers(-6, 7, (3, 60))
W = abs(W)  # so that roots are of positive means
CUTS = [0, 1, 1, 17, 40, 60]
NAN = math.nan


@sl.loss
class Tilted(NamedTuple):
    """A user's loss."""

    tilt: float = 2.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return self.tilt * abs(y_true - y_pred)


def batches() -> Iterator[tuple[np.ndarray, ...]]:
    for start, stop in itertools.pairwise(CUTS):
        yield Y[start:stop], P[start:stop], W[start:stop]


def streamed(losses: Any = "mae", **options: Any) -> sl.Accumulator:
    acc = sl.Accumulator(losses, **options)
    for batch in batches():
        acc.update(*batch)
    return acc


def state(acc: sl.Accumulator) -> tuple[bytes, dict[str, int]]:
    return acc.to_bytes(), acc.counts


MAKERS: dict[str, Callable[[], sl.Accumulator]] = {
    "new": lambda: sl.Accumulator("mae"),
    "scalar": streamed,
    "many losses": lambda: streamed(["mae", "huber:delta=0.5", sl.Quantile(0.9)]),
    "user": lambda: streamed(Tilted(3.0)),
    "omit": lambda: streamed(nan="omit"),
    "raise": lambda: streamed(nan="raise"),
    "cells": lambda: sl.accumulate("mae", Y.reshape(12, 5), P.reshape(12, 5), axis=0),
    "many cells": lambda: sl.accumulate("mae", *np.ones((2, 100, 3)), axis=(1,)),
    "not finite": lambda: sl.accumulate("mae", [NAN, math.inf, -math.inf], [0, 0, 0]),
    "no cells": lambda: sl.accumulate("mae", np.ones((3, 0)), np.ones((3, 0)), axis=0),
    "negative": lambda: sl.Accumulator("mae") - streamed(),
}
