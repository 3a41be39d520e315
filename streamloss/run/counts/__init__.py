"""Cells of metrics of counts: the keys of elements, and tables over any number of batches."""
