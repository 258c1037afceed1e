"""How much further two trainings get side by side, on a thread each, than in turn on two threads.

    python benchmarks/crew.py [--rounds 5]

The designs are those that are scaled by hand to a share of the `mobile` family's range. A round
trains two networks in turn and two side by side, as many steps; the ratio is that of the times.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from machine import describe
from sartor.jobs.fitting.tuning import DENSE
from sartor.nets import Network, mobile
from sartor.train import Budget, Crew, Report, Training, Work, keep_freed_memory, run

PIXELS, PLACES = 28, 2
SCALES = {0.1: 120, 0.3: 60, 0.5: 30, 0.7: 15}
"""Shares of the range, and steps in a round."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    keep_freed_memory()
    print(describe())
    print(f"batch {DENSE.batch}, {PIXELS} pixels, {torch.get_num_threads()} threads\n")
    print("| scaled to | a step in turn, ms | times as fast side by side (smallest, largest) |")
    print("|---|---|---|")
    for scale, steps in SCALES.items():
        rounds = [
            (timed(1, scale, steps), timed(PLACES, scale, steps)) for _ in range(asked.rounds)
        ]
        gains = [alone / together for alone, together in rounds]
        step = 1e3 * statistics.median(alone for alone, _ in rounds) / (PLACES * steps)
        spread = f"({min(gains):.2f}, {max(gains):.2f})"
        print(f"| {scale:g} | {step:.1f} | {statistics.median(gains):.2f} {spread} |", flush=True)


def timed(places: int, scale: float, steps: int) -> float:
    """Return the seconds of two trainings."""
    work = [Work(f"{at}", 0.5, training(scale, steps)) for at in range(PLACES)]
    started = time.perf_counter()
    Crew(lambda _, __: None, places).run(work)
    return time.perf_counter() - started


def training(scale: float, steps: int) -> Callable[[Report], None]:
    """Return a training of a network with random weights on random images."""
    torch.manual_seed(0)
    family = mobile(resolution=PIXELS, channels=1, classes=10)
    design = family.scaled(scale)
    network = Network(family.blueprint(design)).to(memory_format=torch.channels_last).train()
    pixels = family.resolution(design)
    images = torch.randn(DENSE.batch, 1, pixels, pixels).contiguous(
        memory_format=torch.channels_last
    )
    labels = torch.randint(0, 10, (DENSE.batch,))

    def gradients(_: int, __: float) -> torch.Tensor:
        loss = F.cross_entropy(network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def do(report: Report) -> None:
        run(Training(network, DENSE), gradients, Budget(steps=steps), report=report)

    return do


if __name__ == "__main__":
    main()
