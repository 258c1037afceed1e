"""A kernel as numbers: what its time is a sum of, and where it stands among its like."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sartor.cost.kernels.kernel import Kernel

Vector = npt.NDArray[np.float64]
BLOCK = 16
"""Channels that AVX-512 kernels work on at once; partly filled blocks cost as much as full ones."""
EIGHT = 8
"""Channels that kernels of half of that width work on at once."""
SET = 64
"""Channels that a convolution in blocks writes in one pass over what it reads."""
TOGETHER = 6
"""Pixels of a row that a convolution in blocks computes at once; those at its ends, which look
beyond the map, and those that are left over are computed one by one."""
CACHE_BYTES = 2**20
"""From here on weights and maps push one another out of the second-level cache."""
STRAIGHT = frozenset({"Relu", "Clip", "LeakyRelu", "sum", "turned"})
"""What hardly costs anything along with a product; a hard swish takes seven times as long."""
TAPS = 2.0
"""Kernels of 3x3, 5x5 and 7x7 pixels have code of their own, and little to tell of one another."""
QUANTITIES = (
    "calls", "work", "full_work", "read", "written", "constants", "passes", "taps", "beyond",
    "along", "curved", "runs", "pixels", "tail", "left", "cold", "single", "thin", "half",
)  # fmt: skip
"""Of a kernel: 1; multiply-adds with channels rounded up to blocks, and as they are; numbers read,
written and of the weights; numbers read again for each set of channels; numbers looked at around
each output pixel; bytes beyond the cache; numbers written where more is computed along, and where
that is a curve; runs of numbers that are worked on; pixels times groups; numbers looked at in a
last block of channels that is not full, and in those of it that fill no eight; weights that are not
in the cache; multiply-adds of pixels that are computed one by one; multiply-adds for a last set of
channels of one block, and of two. All but the calls in millions."""
COORDINATES = (
    "count", "rows", "inner", "columns", "taps", "stride", "width", "read", "written", "odd",
)  # fmt: skip
"""Logarithms to base 2; `odd`: how much of the last blocks is empty."""


@lru_cache(maxsize=65536)
def quantities(kernel: Kernel) -> tuple[float, ...]:
    """Return what the time of a kernel is a sum of, in the order of `QUANTITIES`."""
    k = kernel
    depthwise = k.form.startswith("depthwise")
    mixed = depthwise and not _by_channel(k)  # several channels are worked on at once
    channels = _blocks(k.count) if mixed else k.count
    columns = channels if depthwise else k.count * _blocks(k.columns)
    inner = k.taps if depthwise else _blocks(k.inner)
    bytes_beyond = max(0, k.moved_bytes - CACHE_BYTES)
    return (
        1.0,
        k.rows * inner * columns / 1e6 if k.inner else 0.0,
        k.macs / 1e6,
        k.read / 1e6,
        k.written / 1e6,
        k.constants / 1e6,
        k.read * math.ceil(k.columns / SET) / 1e6 if k.inner else 0.0,
        _looked_at(k) / 1e6 if k.taps > 1 else 0.0,
        bytes_beyond / 1e6,
        k.written / 1e6 if k.detail else 0.0,
        k.written / 1e6 if set(k.detail.split()) - STRAIGHT else 0.0,
        _runs(k) / 1e6,
        k.rows * k.count / 1e6 if k.inner else 0.0,
        # Integers: 8 of 24 channels cost 5 times what the other 16 do, and 4 of 20 twice as much
        # again, since they are multiplied one by one.
        k.rows * k.taps * (k.count % BLOCK) / 1e6 if mixed else 0.0,
        k.rows * k.taps * (k.count % EIGHT) / 1e6 if mixed else 0.0,
        k.constants * k.cold / 4e6,
        *_in_blocks(k),
    )


@lru_cache(maxsize=65536)
def coordinates(kernel: Kernel) -> tuple[float, ...]:
    """Return where a kernel stands among those of its group, in the order of `COORDINATES`."""
    k = kernel
    logs = [math.log2(1 + it) for it in (
        k.count, k.rows, k.inner, k.columns, k.taps, k.stride, k.width, k.read, k.written,
    )]  # fmt: skip
    channels = k.count if k.form.startswith("depthwise") else k.columns
    logs[4] *= TAPS
    return (*logs, math.log2(_blocks(channels) / max(1, channels)))


def _in_blocks(k: Kernel) -> tuple[float, float, float]:
    """Return what makes a convolution in blocks less efficient: the last three of `QUANTITIES`."""
    if not k.inner or not k.form.endswith("in blocks") or k.form.startswith("depthwise"):
        return 0.0, 0.0, 0.0
    block = _blocks(k.inner) * BLOCK * k.count / 1e6
    blocks = _blocks(k.columns) // BLOCK
    last = blocks % (SET // BLOCK)
    return (
        _singles(k) * block * blocks,
        k.rows * block if last == 1 else 0.0,
        2 * k.rows * block if last == 2 else 0.0,
    )


def _singles(k: Kernel) -> float:
    """Count the pixels that are computed one by one, as if maps were padded to keep their size."""
    if k.form.startswith("pointwise"):  # goes through all pixels as if they were one row
        return k.rows % TOGETHER
    edge = (math.sqrt(k.taps) - 1) / 2
    ends = math.ceil(edge / k.stride) + max(0, math.ceil((edge - k.stride + 1) / k.stride))
    inside = k.width - ends
    return k.rows / k.width * (k.width if inside <= 0 else ends + inside % TOGETHER)


def _looked_at(k: Kernel) -> int:
    """Count the numbers around output pixels: they are gathered once for all output channels."""
    return k.rows * k.count * k.inner if k.inner else k.written * k.taps


def _runs(k: Kernel) -> float:
    """Count the loops of a kernel: rows of pixels for every block that is read and written."""
    if not k.inner:
        return k.written / max(1, k.width)
    if _by_channel(k):
        return k.rows / k.width * k.count
    if k.form.startswith("depthwise"):
        return k.rows / k.width * _blocks(k.count) / BLOCK * math.sqrt(k.taps)
    lines = k.rows / k.width if k.kind.endswith("Conv") else k.rows
    return lines * k.count * math.ceil(k.columns / SET) * math.ceil(k.inner / BLOCK)


def _by_channel(k: Kernel) -> bool:
    """Tell depthwise convolutions that compute one channel after another."""
    return k.form == "depthwise" and k.precision != "int8"


def _blocks(channels: int) -> int:
    return math.ceil(channels / BLOCK) * BLOCK
