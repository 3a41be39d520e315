"""What `_common` has, by an older name, until no package uses it."""

from streamloss.compat._common.finish import narrow, quotient

__all__ = ["narrow", "quotient"]
