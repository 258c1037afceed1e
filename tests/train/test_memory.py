"""Freed memory is kept while trainings go on, and given back when others need it."""

import subprocess
import sys

import pytest

CODE = """
import ctypes, sys
from pathlib import Path
from sartor.train import give_freed_memory_back, keep_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

assert keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
before = resident()
blocks = [libc.malloc(ctypes.c_size_t(2**20)) for _ in range(200)]
for block in blocks:
    ctypes.memset(block, 1, 2**20)
for block in blocks:
    libc.free(ctypes.c_void_p(block))
kept = resident() - before
assert give_freed_memory_back()
left = resident() - before
print(kept, left)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is at work on Linux only")
def test_freed_memory_is_kept_and_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept, left = map(int, done.stdout.split())
    assert kept > 190 * 2**20
    assert left < 20 * 2**20
