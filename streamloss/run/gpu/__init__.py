"""Batches in the memory of a GPU."""
