"""The elements of a batch one after another, with the keys that tell their cells apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import Arguments, Batch, as_batch, normalise_axis, refuse_labels
from streamloss.arrays.key_codes import without
from streamloss.arrays.keys import NOTHING, Keyed, Kind
from streamloss.arrays.types import Array, AxisLike, Mask
from streamloss.kernels import counting as bodies
from streamloss.kernels.cpu import call
from streamloss.kernels.switches import SIFT
from streamloss.losses.base import Loss
from streamloss.losses.counting import IN_TURN, Counting, Given
from streamloss.run import choose

from .labels import Labels, check_alike, read_labels

INPUTS = "y_true", "y_pred"

AT_ONCE = 1 << 20
"""Elements whose keys are in memory at once."""


class Like(NamedTuple):
    """What is asked of a loss when arrays are read, for keys that are no losses."""

    ranks: tuple[int, ...]
    inputs: int
    complex_inputs: bool = False


class Elements(NamedTuple):
    """The arrays of a batch for one thing that metrics of counts ask for.

    Attributes
    ----------
    counting : Counting
        What is asked for.
    batch : Batch
        The numbers, with weights and mask; of labels alone the numbers are nothing.
    labels : dict of Labels
        The labels of inputs, one after another.
    """

    counting: Counting
    batch: Batch
    labels: dict[int, Labels]

    @classmethod
    def of(cls, counting: Counting, data: Arguments, compute: Any) -> Elements:
        """Return the arrays of a call.

        Raises
        ------
        TypeError, ValueError
            As `as_batch`, and if labels are none, or of several kinds.
        """
        y_true, y_pred, weights, where = data
        inputs: list[Any] = [y_true, y_pred]
        labels = {k: read_labels(INPUTS[k], inputs[k]) for k in counting.labels}
        if not (counting.computed or counting.spreads):
            inputs = [_nothing(labels.get(k), labels) for k in range(2)]
        like = Like(counting.ranks, len(counting.ranks))
        batch = as_batch([like], inputs[0], inputs[1], weights, where, compute)
        check_alike({INPUTS[k]: each for k, each in labels.items()})
        for each in labels.values():
            if each.valid is not None:
                valid = each.valid.reshape(batch.shape)
                valid = valid if batch.where is None else valid & batch.where
                batch = batch._replace(where=valid)
        if batch.on_device:
            batch = choose.batch_on_host(batch)
        if counting.spreads:
            batch = _in_turn(batch)
        return cls(counting, batch, labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the elements; where classes come in turn they are the last axis."""
        return self.batch.shape

    @property
    def size(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    @property
    def losses(self) -> tuple[int, ...]:
        """The shape of the losses: that of the elements, but for classes in turn."""
        return self.shape[:-1] if self.counting.spreads else self.shape

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of the keys: those of labels, for others are numbers always."""
        keys, labels = self.counting.keys, self.labels
        return [labels[k.input].exact_kind if type(k) is Given else NOTHING for k in keys]

    def check_labels(self) -> None:
        """Refuse indices that are none of a class.

        Raises
        ------
        ValueError
            If there is one.
        """
        if self.counting.spreads and self.counting.ranks == (0, 1):
            known = self.batch.inputs[0][..., 0]
            if np.isinf(known).any():
                refuse_labels(
                    "y_true", np.where(np.isinf(known), -1.0, known), 0, None, self.shape[-1]
                )
        choose.check_labels(self.counting.computed, self.batch)

    def integers(self) -> list[Array] | None:
        """Return the keys of all elements as arrays of integers; None if one is missing or none."""
        found = []
        for key in self.counting.keys:
            if type(key) is Given:
                own = self.labels[key.input].integers()
            else:
                keyed = self._key(key)
                own = keyed.values if keyed.missing is None else None
            if own is None:
                return None
            found.append(own)
        return found

    def pieces(
        self, axis: AxisLike = None, most: int = AT_ONCE
    ) -> Iterator[tuple[slice, Elements]]:
        """Yield some rows at a time, of about so many elements; all where each has a result."""
        rows = self.shape[0] if self.shape else 1
        step = max(1, most * max(rows, 1) // max(self.size, 1))
        if rows <= step or (axis is not None and 0 not in normalise_axis(axis, len(self.losses))):
            yield slice(0, rows), self
            return
        for start in range(0, rows, step):
            some = slice(start, min(start + step, rows))
            yield some, self.some(some)

    def some(self, rows: slice) -> Elements:
        """Return some rows."""
        batch, inner = self.batch, math.prod(self.shape[1:])
        weights, where = (a if a is None else a[rows] for a in (batch.weights, batch.where))
        inputs = tuple([array[rows] for array in batch.inputs])
        flat = slice(rows.start * inner, rows.stop * inner)
        labels = {k: each.some(flat) for k, each in self.labels.items()}
        found = batch._replace(inputs=inputs, weights=weights, where=where)
        return self._replace(batch=found, labels=labels)

    def keys(self) -> list[Keyed]:
        """Return the keys of all elements, one after another; an extreme one is not among them."""
        if self.counting.extreme is not None:
            return []
        return [self._key(key) for key in self.counting.keys]

    def _key(self, key: Any) -> Keyed:
        """Return one key of all elements."""
        if type(key) is Given:
            return self.labels[key.input].keyed()
        if type(key) in IN_TURN:
            places = np.broadcast_to(np.arange(self.shape[-1]), self.shape)
            return Keyed(Kind("int"), np.ascontiguousarray(places).reshape(-1))
        return _values(key, self.batch)

    def missing(self) -> Mask | None:
        """Return which elements have a NaN or a missing label in an input; None if none has."""
        found: Mask | None = None
        for labels in self.labels.values():
            keyed = labels.keyed()
            absent = keyed.missing if keyed.codes is None else np.asarray(keyed.codes) < 0
            if absent is not None:
                found = absent if found is None else found | absent
        if self.counting.computed or self.counting.spreads:
            for array, rank in zip(self.batch.inputs, self.batch.ranks, strict=True):
                absent = np.isnan(array)
                absent = (absent.any(axis=-1) if rank else absent).reshape(-1)
                found = absent if found is None else found | absent
        return found if found is not None and found.any() else None

    def flat(self) -> Batch:
        """Return the numbers as elements one after another."""
        batch, size = self.batch, self.size
        inputs = [
            np.ascontiguousarray(a).reshape(size, *a.shape[a.ndim - rank :])
            for a, rank in zip(batch.inputs, batch.ranks, strict=True)
        ]
        if not self.counting.parts:  # nobody reads them
            inputs = [np.broadcast_to(np.zeros(1), (size,))] * 2
            batch = batch._replace(ranks=(0, 0))
        weights, where = (None if a is None else _flat(a) for a in (batch.weights, batch.where))
        return batch._replace(inputs=tuple(inputs), weights=weights, where=where)


def _nothing(labels: Labels | None, others: dict[int, Labels]) -> Array:
    """Return zeros, without memory, in the shape of labels."""
    shape = (labels or next(iter(others.values()))).shape
    return np.broadcast_to(np.zeros(()), shape)


def _flat(array: Array) -> Array:
    """Return an array as one axis; of one number no memory is taken."""
    if array.size and not any(array.strides):
        return np.broadcast_to(array.reshape(-1)[:1] if array.ndim else array, (array.size,))
    return array.reshape(-1)


def _in_turn(batch: Batch) -> Batch:
    """Return a batch of rows, or of indices of classes and rows, as one element for each place."""
    true, scores = batch.inputs
    if not batch.ranks[0]:
        true = _one_hot(true, scores.shape[-1])
    weights, where = (
        None if a is None else np.broadcast_to(a[..., None], scores.shape)
        for a in (batch.weights, batch.where)
    )
    return batch._replace(inputs=(true, scores), weights=weights, where=where, ranks=(0, 0))


def _one_hot(index: Array, size: int) -> Array:
    """Return 1 for the class of each index, and else 0.

    Where an index is none of a class, all of them are infinite: no label is, so that it is known
    of nothing; where it is NaN they are NaN.
    """
    classes = np.arange(size)
    known = np.isin(index, classes)
    true: Array = (index[..., None] == classes).astype(np.float64)
    true[~known] = np.where(np.isnan(index[~known]), np.nan, np.inf)[:, None]
    return true


def values_of(loss: Loss, batch: Batch) -> Array:
    """Return the values of a loss, without weights or a mask, one after another."""
    alone = batch._replace(weights=None, where=None)
    found: Array = choose.runner((loss,), alone).values(loss, alone, SIFT).reshape(-1)
    return found


def _values(loss: Loss, batch: Batch) -> Keyed:
    """Return the values of a loss as keys; those that are NaN are missing.

    Raises
    ------
    ValueError
        If a value is no whole number.
    """
    found = values_of(loss, batch)
    if choose.wait((), found.size):
        missing = np.isnan(found)
        there = np.where(missing, 0.0, found)
        right = (np.floor(there) == there) & (abs(there) < bodies.LARGE)
        wrong = not right.all()
        whole = np.where(right, there, 0.0).astype(np.int64)
    else:
        whole, missing = np.empty(found.size, np.int64), np.empty(found.size, np.bool_)
        state = np.zeros(2, np.int64)
        call(bodies.as_whole, (), found, whole, missing, state)
        wrong = bool(state[bodies.WRONG])
    if wrong:
        raise ValueError(f"keys of a metric must be whole numbers: {loss!r} gives others")
    return without(Keyed(Kind("int"), whole), missing)
