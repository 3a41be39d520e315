"""Slices as users get them: their results, compared, rolled up, shown, and as frames."""

from .result import Slices

__all__ = ["Slices"]
