"""Metrics of language models: of the exact mean of the cross-entropies of tokens."""

from __future__ import annotations

from typing import Any, NamedTuple

from streamloss.exact.numbers import Exact
from streamloss.losses.arithmetic import NAN, exp
from streamloss.losses.define import loss
from streamloss.losses.domains import Class, Row
from streamloss.losses.formulas import label, log_total, surprise

LN2 = Exact.of(0.6931471805599453)
"""The logarithm of 2, as rounded."""


@loss("perplexity", formula="e^(sum w nll / sum w),  nll = log(sum_k e^x_k) - x_y")
class Perplexity(NamedTuple):
    """The perplexity of rows of logits for the indices of tokens, from 1 on, without a unit.

    It is e to the mean of `SparseSoftmaxCrossEntropy` over all tokens of all batches. The mean is
    exact, so it is not that of the perplexities of batches, which depends on how data were cut.
    Tokens that do not count, such as padding, are left out by `where`.

    Examples
    --------
    >>> import streamloss as sl
    >>> logits = [[0.0, 0.0], [0.0, 0.0], [5.0, 0.0]]
    >>> sl.evaluate("perplexity", [0, 1, 1], logits, where=[True, True, False])
    2.0
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {"nats": "sparse_softmax_cross_entropy"}

    def combine(self, weights: Exact, nats: Exact) -> float:
        """Return the result of exact sums."""
        return exp(nats / weights)


@loss
class _Nats(NamedTuple):
    """The cross-entropy of a token and a row of logits, beside its size in bytes."""

    def row(self, y_true: Class, y_pred: Row, size: float) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        largest, total = log_total(y_pred)
        return surprise(y_pred[y], largest, total)


@loss
class _Size(NamedTuple):
    """The size of a token in bytes, beside a row of logits."""

    def row(self, y_true: Class, y_pred: Row, size: float) -> float:
        """Return the size of one row."""
        return size


@loss("bits_per_byte", "bpb", formula="sum w nll / (log 2 sum w bytes)")
class BitsPerByte(NamedTuple):
    """The bits that a language model needs for a byte of text, as ``y_pred=(logits, bytes)``.

    The cross-entropies of all tokens, in bits, over the bytes that they spell: unlike the
    perplexity it compares models with different tokens. Bytes are one number for each row of
    logits; with ones it is the mean of bits for a token.

    Examples
    --------
    >>> import streamloss as sl
    >>> logits, sizes = [[0.0, 0.0], [0.0, 0.0]], [1.0, 3.0]
    >>> sl.evaluate("bits_per_byte", [0, 1], (logits, sizes))
    0.5
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {"nats": _Nats(), "size": _Size()}

    def combine(self, nats: Exact, size: Exact) -> float:
        """Return the result of exact sums."""
        return nats / (size * LN2)
