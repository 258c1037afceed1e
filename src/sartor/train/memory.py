"""Keep freed memory for the next step, and give it back when others need it."""

import ctypes
import ctypes.util
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's parameters, from malloc.h."""
LARGEST = 32 * 2**20
"""Largest threshold that glibc accepts, in bytes."""


def keep_freed_memory() -> bool:
    """Tell the C library to reuse large blocks instead of giving them back to the system.

    A training step frees and allocates the same activations again and again. By default glibc
    returns blocks of that size at once, and the system clears every page when it is touched anew:
    half of the time of a step of a small convnet (docs/benchmarks.md).

    Returns:
        Whether it was possible: on Linux with glibc.
    """
    libc = _glibc()
    if libc is None:
        return False
    kept = libc.mallopt(M_MMAP_THRESHOLD, LARGEST)
    return bool(kept and libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


def give_freed_memory_back() -> bool:
    """Return to the system what was kept: other threads cannot use what one has freed.

    Returns:
        Whether there was something to return, and a way.
    """
    libc = _glibc()
    return libc is not None and bool(libc.malloc_trim(0))


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
