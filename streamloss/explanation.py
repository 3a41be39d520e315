"""What a loss and a reduction compute, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .exact.reductions import FORMULAS, Reduction, check
from .losses.base import Loss
from .losses.counting import EachClass, EachOutput, Given
from .losses.groups import spelled_out
from .losses.names import resolve


def explain(losses: Any, reduction: str = Reduction.MEAN) -> str:
    """Return the formula that `evaluate` uses for losses and a reduction, and what metrics keep.

    Parameters
    ----------
    losses : str, loss, or list of them
        As for `evaluate`.
    reduction : Reduction or str
        As for `evaluate`.

    Raises
    ------
    TypeError, ValueError
        If a loss or the reduction is unknown, or does not fit the other.

    Examples
    --------
    >>> import streamloss as sl
    >>> print(sl.explain("huber:delta=0.5", "sum_over_batch_size"))
    Huber(delta=0.5)
      loss    0.5 e^2 if |e| <= delta else delta (|e| - 0.5 delta),  e = y_pred - y_true
      result  S / N
      S       the sum of weight * loss, without elements of weight zero
      N       the number of elements, those of weight zero included
    >>> print(sl.explain("calibration_error:bins=10"))
    ExpectedCalibrationError(bins=10.0, strategy='uniform', scores='probabilities', closed='right',\
 norm='l1')
      result  sum_b |sum_b w (p - y)| / sum w; with l2 the root of\
 sum_b W_b gap_b^2 / sum w, with exact weights of cells over all elements
      cells   bin: EvenBin(bins=10.0, left=0.0, logit=0.0)
      sums    predicted: Prediction(), observed: Label()
      exact   yes
    """
    specs = spelled_out(losses)
    found = specs if isinstance(specs, list) else [specs]
    return "\n\n".join(_explain(resolve(spec), reduction) for spec in found)


def _explain(loss: Loss, reduction: str) -> str:
    """Return the explanation of one loss."""
    chosen = check(reduction, (loss,))
    each = "row" if any(loss.ranks) else "element"
    lines = [repr(loss)]
    if loss.combine is not None:
        kept = "sums" if loss.counting is None else "weights of cells"
        lines.append(f"  result  {loss.formula}, with exact {kept} over all {each}s")
        lines += [f"  {name:7} {text}" for name, text in state_of(loss).items()]
        return "\n".join(lines)
    doc = (type(loss).__doc__ or "").partition("\n")[0]
    lines.append(f"  loss    {loss.formula or doc}")
    result, terms = FORMULAS[chosen]
    result = result.format(each=each)
    if loss.finish is not None:
        does = (loss.finish.__doc__ or "finish").partition("\n")[0].removeprefix("Return ")
        result = f"{result}, and of that {does.rstrip('.')}"
    lines.append(f"  result  {result}")
    lines.extend(f"  {name}       {text.format(each=each)}" for name, text in terms.items())
    return "\n".join(lines)


def state_of(metric: Loss) -> dict[str, str]:
    """Return what is kept of data for a metric, and whether its result is exact, in words.

    Examples
    --------
    >>> import streamloss as sl
    >>> state_of(sl.R2())["sums"]
    'left: SquaredError(), label: Label(), square: LabelSquare()'
    """
    counting = metric.counting
    if counting is None:
        sums, cells = _named(metric.names, metric.parts), {}
    else:
        sums = _named(counting.sums, counting.parts)
        cells = {"cells": _named(counting.names, map(_key, counting.keys))}
    known = "yes" if metric.bracket is None else "no: bracket() holds the exact value"
    known += "" if metric.refined is None else ", exact=True gives it"
    return cells | ({"sums": sums} if sums else {}) | {"exact": known}


def _named(names: Iterable[str], values: Iterable[Any]) -> str:
    """Return values by their names in one line."""
    return ", ".join([f"{name}: {value}" for name, value in zip(names, values, strict=True)])


def _key(key: Any) -> str:
    """Return what a key of cells is, in words."""
    if isinstance(key, Given):
        return ("y_true", "y_pred")[key.input]
    if isinstance(key, EachClass | EachOutput):
        return "each class" if isinstance(key, EachClass) else "each output"
    return repr(key)
