"""Databases of earlier releases, with data, brought to this one."""
