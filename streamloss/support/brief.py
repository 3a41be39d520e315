"""What came, as errors show it: short, whatever it is."""

from __future__ import annotations

import reprlib
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 3, 80, 80, 40


def brief(value: Any) -> str:
    """Return the representation of a value in one line of at most a few hundred characters.

    Examples
    --------
    >>> brief([0] * 1000000), len(brief("a" * 1000000))
    ('[0, 0, 0, 0, 0, 0, ...]', 80)
    """
    return " ".join(_SHORT.repr(value).split())[:300]
