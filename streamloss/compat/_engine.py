"""What `_common` has, by older names, until no package uses them."""

from collections.abc import Callable
from typing import Any

from streamloss.arrays.batch import is_lazy, may_fit
from streamloss.arrays.convert import holds_foreign, is_tensor
from streamloss.compat._common import arrays, sums
from streamloss.compat._common.arrays import is_masked, refuse_device
from streamloss.compat._common.sums import KNOWING
from streamloss.exact.reductions import Exact, Sums

__all__ = [
    "KNOWING",
    "Exact",
    "Sums",
    "holds_foreign",
    "is_lazy",
    "is_masked",
    "is_tensor",
    "may_fit",
    "refuse_device",
]

array: Callable[..., Any] = arrays.array
as_dtype: Callable[..., Any] = arrays.as_dtype
broadcast: Callable[..., Any] = arrays.broadcast
checked: Callable[..., Any] = arrays.checked
hidden: Callable[..., Any] = arrays.hidden
hide: Callable[..., Any] = arrays.hide
mapped: Callable[..., Any] = arrays.mapped
meta_of: Callable[..., Any] = arrays.meta_of
move_last: Callable[..., Any] = arrays.move_last
of_present: Callable[..., Any] = arrays.of_present
spread: Callable[..., list[Any]] = arrays.spread
reduced: Callable[..., Any] = sums.reduced
state: Callable[..., Any] = sums.state
each: Callable[..., Any] = sums.each
