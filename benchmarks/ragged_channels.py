"""What channels that are no multiple of 16 cost a depthwise convolution, in float and in int8.

    python benchmarks/ragged_channels.py [--runtime onnxruntime] [--size 14]

The convolution stands within an inverted residual; its time is that of the runtime's profiler, the
median of 30 calls.
"""

import argparse
import tempfile
from pathlib import Path

from machine import describe
from sartor import targets
from sartor.cost.kernels import Kernel, KernelSurveyor
from sartor.cost.kernels.chains import write_chain
from sartor.cost.kernels.extract import kernel_of
from sartor.cost.kernels.sketch import Sketch

CHANNELS = (240, 248, 256, 264, 272)
KERNELS = (3, 5)
CALLS = 30


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--size", type=int, default=14)
    asked = parser.parse_args()
    target = targets.open(f"cpu:{asked.runtime}")
    surveyor = KernelSurveyor(target, asked.runtime, ("fp32", "int8"), seed=0)
    print(describe())
    print(f"{asked.runtime}, one thread, maps of {asked.size}x{asked.size}\n")
    head = ["channels", *(f"{k}x{k} {p}" for k in KERNELS for p in surveyor.precisions)]
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for channels in CHANNELS:
        cells = [
            f"{speed(surveyor, asked.size, channels, kernel, precision):.1f}"
            for kernel in KERNELS
            for precision in surveyor.precisions
        ]
        print(f"| {channels} | {' | '.join(cells)} |")
    print("\nBillions of multiply-adds a second, without channels that fill up blocks.")


def speed(surveyor: KernelSurveyor, size: int, channels: int, kernel: int, precision: str) -> float:
    """Return billions of multiply-adds a second of the depthwise convolution."""
    sketch: Sketch = {
        "block": "inverted", "depth": 1, "size": size, "width": 64, "middle": channels,
        "groups": channels, "stride": 1, "outputs": 64, "kernel": kernel, "activation": "relu",
    }  # fmt: skip
    place = surveyor.target.place
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chain.onnx"
        written = surveyor.written(file, write_chain(sketch, file), precision)
        steps = place.steps({"it": written}, surveyor.target.how(), CALLS)["it"]
    described: list[tuple[Kernel, float]] = [
        (kernel_of(it, surveyor.runtime), it.milliseconds) for it in steps
    ]
    taken = sum(ms for it, ms in described if it.form.startswith("depthwise"))
    return size**2 * kernel**2 * channels / taken / 1e6


if __name__ == "__main__":
    main()
