"""Keys of slices on the command line: how they are spelled, and sets of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamloss.arrays import calendar
from streamloss.arrays.cuts import Cut, bins, period
from streamloss.arrays.sets import grouping_sets
from streamloss.support.brief import brief


def by_of(keys: Sequence[str], sets: str | None) -> Any:
    """Return what `by` takes, of the options ``--by`` and ``--grouping-sets``; None of neither.

    Raises
    ------
    ValueError
        If two keys are of one column, or the sets leave a key out.

    Examples
    --------
    >>> by_of(["carrier", "distance:0,500,2500"], None)
    ['carrier', bins('distance', [0, 500, 2500])]
    >>> by_of([], "carrier;origin;carrier,origin;")
    grouping_sets(['carrier'], ['origin'], ['carrier', 'origin'], [])
    """
    found = {name_of(key): key for key in map(key_of, keys)}
    if len(found) < len(keys):
        raise ValueError(f"--by must name a column once: got {brief(list(keys))}")
    if sets is None:
        return list(found.values()) or None
    texts = [text.split(",") if text.strip() else [] for text in sets.split(";")]
    named = [[name.strip() for name in names] for names in texts]
    if not found:
        return grouping_sets(*named)
    unknown = {name for names in named for name in names} ^ found.keys()
    if unknown:
        rule = f"--grouping-sets must be of the keys of --by, {', '.join(found)}"
        raise ValueError(f"{rule}: got {brief(sets)}")
    made = [[found[name] for name in names] for names in named]
    return grouping_sets(*made, keys={name: name for name in found})


def key_of(text: str) -> str | Cut:
    """Return the key that a text spells: ``column``, ``column:edge,edge,...`` or ``column:month``.

    A colon at the end says that what is before it is the name of a column, whatever is in it.

    Raises
    ------
    ValueError
        If the edges do not increase.

    Examples
    --------
    >>> key_of("time:month"), key_of("time:month:"), key_of("a:b")
    (period('time', 'month'), 'time:month', 'a:b')
    """
    name, _, how = text.rpartition(":")
    if not name:
        return text
    if how in calendar.FREQUENCIES:
        return period(name, how)
    edges = _numbers(how.split(","))
    if edges is not None and len(edges) > 1:
        return bins(name, edges)
    return text if how else name


def _numbers(texts: list[str]) -> list[float] | None:
    """Return the numbers that texts spell, None if one does not."""
    try:
        return [float(text) for text in texts]
    except ValueError:
        return None


def name_of(key: str | Cut) -> str:
    """Return the name of the column of a key."""
    return str(key.source) if isinstance(key, Cut) else key
