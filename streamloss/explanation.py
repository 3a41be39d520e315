"""What a loss and a reduction compute, in words."""

from __future__ import annotations

from typing import Any

from .exact.reductions import FORMULAS, Reduction, check
from .losses.base import Loss
from .losses.names import resolve


def explain(losses: Any, reduction: str = Reduction.MEAN) -> str:
    """Return the formula that `evaluate` uses for losses and a reduction.

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
    """
    found = losses if isinstance(losses, list) else [losses]
    return "\n\n".join(_explain(resolve(spec), reduction) for spec in found)


def _explain(loss: Loss, reduction: str) -> str:
    """Return the explanation of one loss."""
    chosen = check(reduction, (loss,))
    each = "row" if any(loss.ranks) else "element"
    lines = [repr(loss)]
    if loss.combine is not None:
        lines.append(f"  result  {loss.formula}, with exact sums over all {each}s")
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
