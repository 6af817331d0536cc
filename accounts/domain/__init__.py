"""Decisions about accounts in plain Python: values in, values out."""
