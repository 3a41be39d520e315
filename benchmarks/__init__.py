"""Benchmarks for asv: `asv run`, or once and quickly `python -m benchmarks.run_once`."""
