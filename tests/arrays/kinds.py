"""Libraries whose containers are read, None where they are not installed."""

try:
    import polars
except ImportError:
    polars = None

try:
    import torch
except ImportError:
    torch = None
