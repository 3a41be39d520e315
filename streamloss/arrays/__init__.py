"""Anything array-like becomes arrays of one shape, checked and aligned once; kernels assume."""
