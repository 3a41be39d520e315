"""What `_common` has, by an older name, until no package uses it."""

from streamloss.compat._common.anyfloat import with_parameter

__all__ = ["with_parameter"]
