"""A file against itself, as `sartor measure` compares files: does the interval of the ratio hold 1?

    python benchmarks/timing.py [--tries 20] [--busy] [--processes 5] [--copies 2] [--seconds 0.5]

With --busy another process computes all the while on one of the cores.
"""

import argparse
import multiprocessing
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from machine import describe
from sartor import targets
from sartor.deploy import export
from sartor.nets import Network, mobile
from sartor.targets import Protocol, Ratio, TimedFile, ratio, time_files
from sartor_agent.timings import WIDEST_RATIO

HEAD = (
    "runtime", "network", "another process computes", "holds 1", "median width", "too noisy",
    "holds 1 and is narrow, or says too noisy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Try:
    """One comparison of a file with itself."""

    ratio: Ratio

    @property
    def width(self) -> float:
        """Of the interval, as a share."""
        return self.ratio.high / self.ratio.low - 1

    @property
    def good(self) -> bool:
        """It holds 1 and is narrow, or says that the machine is too noisy."""
        narrow = self.width <= WIDEST_RATIO
        return bool(self.ratio.reason) or (self.ratio.equal and narrow)


def burn() -> None:
    """Compute for ever."""
    while True:
        sum(range(10_000))


def files(folder: Path) -> dict[str, Path]:
    """Write a small network of the mobile family and MobileNetV3-Small."""
    import timm

    torch.manual_seed(0)
    family = mobile(resolution=28, channels=1, classes=10)
    small, large = folder / "small.onnx", folder / "large.onnx"
    export(Network(family.blueprint(family.largest())).eval(), small, (1, 28, 28))
    export(timm.create_model("mobilenetv3_small_100").eval(), large, (3, 224, 224))
    return {"mobile, 28 pixels": small, "mobilenetv3_small_100, 224": large}


def compare(file: Path, runtime: str, how: Protocol) -> Try:
    """Compare a file with itself."""
    pair = {name: TimedFile(file, runtime, "fp32") for name in "ab"}
    found = time_files(pair, how)
    return Try(ratio(found["a"], found["b"], how.seed))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5)
    asked = parser.parse_args()
    others = [multiprocessing.Process(target=burn, daemon=True)] if asked.busy else []
    for process in others:
        process.start()
    print(describe())
    print(
        f"{asked.tries} tries, {asked.processes} processes, {asked.copies} copies, "
        f"{asked.seconds:g} s for each file in each process, one thread, seeds 0 and on\n"
    )
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    with tempfile.TemporaryDirectory() as folder:
        for name, file in files(Path(folder)).items():
            for runtime in targets.open("cpu").reading(".onnx").runtimes:
                tries = [
                    compare(file, runtime, how)
                    for how in (
                        Protocol(
                            seconds_each=asked.seconds,
                            processes=asked.processes,
                            copies=asked.copies,
                            seed=100 * seed,
                        )
                        for seed in range(asked.tries)
                    )
                ]
                print(f"| {runtime} | {name} | {_row(tries, asked.busy)} |", flush=True)
    for process in others:
        process.terminate()


def _row(tries: list[Try], busy: bool) -> str:
    count = len(tries)
    holds = sum(it.ratio.equal for it in tries)
    width = float(np.median([it.width for it in tries]))
    noisy = sum(bool(it.ratio.reason) for it in tries)
    good = sum(it.good for it in tries)
    cells = ("yes" if busy else "no", f"{holds}/{count}", f"{100 * width:.1f} %",
             f"{noisy}/{count}", f"{good}/{count}")  # fmt: skip
    return " | ".join(cells)


if __name__ == "__main__":
    main()
