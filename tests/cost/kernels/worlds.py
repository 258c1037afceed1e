"""Made-up kernels and times, for tests of what is fitted to them."""

import numpy as np

from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.sample import Sample


def pointwise(size: int, inner: int, columns: int, detail: str = "") -> Kernel:
    pixels = size * size
    return Kernel(
        "onnxruntime", "Conv", "fp32", "pointwise in blocks", detail,
        rows=pixels, inner=inner, columns=columns, width=size,
        read=pixels * inner, written=pixels * columns, constants=inner * columns,
    )  # fmt: skip


def pool(size: int, channels: int) -> Kernel:
    return Kernel(
        "onnxruntime", "GlobalAveragePool", "fp32", "over the last",
        rows=channels, columns=size * size * channels, width=size * size,
        read=size * size * channels, written=channels,
    )  # fmt: skip


def true_time(kernel: Kernel) -> float:
    """Milliseconds in a world in which 20 billion multiply-adds and a billion moves take a second.

    Maps of more than 14 rows take a tenth longer, which no sum of costs tells.
    """
    slower = 1.1 if kernel.width > 14 else 1.0
    return slower * (0.002 + kernel.macs / 2e7 + (kernel.read + kernel.written) / 1e6)


def network(seed: int) -> tuple[Kernel, ...]:
    """A few layers and a pool."""
    rng = np.random.default_rng(seed)
    size, width = int(rng.choice([4, 7, 14, 28, 56])), 16 * int(rng.integers(1, 9))
    layers = []
    for _ in range(int(rng.integers(1, 5))):
        wider = 16 * int(rng.integers(1, 9))
        layers.append(pointwise(size, width, wider, str(rng.choice(["", "Relu"]))))
        width = wider
    return (*layers, pool(size, width))


def sample(seed: int, pace: float = 1.0, noise: float = 0.0) -> Sample:
    """A network that was timed at a pace, with its own error."""
    kernels = network(seed)
    times = np.array([true_time(it) for it in kernels])
    error = 1 + noise * float(np.random.default_rng((seed, 1)).standard_normal())
    total = float(times.sum()) + 0.003
    return Sample(
        f"network {seed}", "fp32", kernels, tuple((times / times.sum()).tolist()),
        total * pace * error, (pace, pace),
    )  # fmt: skip
