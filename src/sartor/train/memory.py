"""Keep freed memory for the next step."""

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
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    if not hasattr(libc, "mallopt"):
        return False
    kept = libc.mallopt(M_MMAP_THRESHOLD, LARGEST)
    return bool(kept and libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
