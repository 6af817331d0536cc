"""Freed memory is kept inside, given back at the end."""

import ctypes
import sys

import numpy as np
import psutil
import pytest

from billing_project.kernel import memory

MEGABYTE = 1 << 20

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc only"
)


def faults() -> int:
    with open("/proc/self/stat") as stream:
        return int(stream.read().rpartition(")")[2].split()[7])


def arrays() -> int:
    """Make and drop ten arrays of 3 MB; return how many pages the kernel had to give."""
    before = faults()
    for _ in range(10):
        np.ones(3 * MEGABYTE, np.int8)
    return faults() - before


def test_arrays_are_made_of_what_earlier_ones_left() -> None:
    with memory.reused():
        arrays()
        again = arrays()
    assert again < 100


def test_what_nobody_holds_is_given_back() -> None:
    process = psutil.Process()
    with memory.reused():
        held = [np.ones(MEGABYTE, np.int8) for _ in range(200)]
        del held
        kept = process.memory_info().rss
    assert kept - process.memory_info().rss > 150 * MEGABYTE
