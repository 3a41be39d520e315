"""Sums of slices: codes of their keys, near rows, and the table that these become."""
