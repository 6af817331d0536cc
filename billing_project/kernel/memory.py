"""
Memory of large columns, kept between them: a fifth of a pricing run's time is the kernel's otherwise.

The C library gives every large array back to the kernel and asks for zeroed pages for the next one.
Inside `reused` it keeps them, and at the end gives back what nobody holds.
"""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Numbers of glibc's mallopt(3); other C libraries don't have it.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_STORES: Final = -8
#: The largest glibc takes; what is larger is mapped for itself as ever.
_MOST_KEPT: Final = 32 << 20
_NEVER: Final = (1 << 31) - 1
_DEFAULT: Final = 128 << 10


@contextmanager
def reused() -> Iterator[None]:
    """Keep freed memory for the next array, until the end. For one run at a time in a process."""
    # The garbage collector needn't look again and again through all that was imported.
    gc.freeze()
    try:
        with _kept_by_the_library():
            yield
    finally:
        gc.unfreeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """
    Don't look for unreachable cycles meanwhile: a third of the time where objects come by the million.

    For work in portions that makes no cycles; what it lets go is freed at once as ever.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _kept_by_the_library() -> Iterator[None]:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallopt"):
        yield
        return
    # One store for all threads: what one frees, another takes.
    library.mallopt(_STORES, 1)
    library.mallopt(_MMAP_THRESHOLD, _MOST_KEPT)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        library.mallopt(_STORES, 0)
        library.mallopt(_MMAP_THRESHOLD, _DEFAULT)
        library.mallopt(_TRIM_THRESHOLD, _DEFAULT)
        library.malloc_trim(0)
