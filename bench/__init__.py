"""Measurements against baselines of the same run: `python -m bench`, `python -m bench.rating`."""
