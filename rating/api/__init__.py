"""Doors for machines: online charging in the `net` process."""
