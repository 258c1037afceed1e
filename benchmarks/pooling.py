"""What a training step costs with torch's average pooling, against `ChannelMeans`.

    python benchmarks/pooling.py [--rounds 20] [--threads 1]

Dense networks of the `mobile` family, the largest at several widths, in bfloat16; both poolings of
one network in turn, a step of each in a round.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

from machine import describe
from sartor.cost.designs import count
from sartor.jobs.fitting.tuning import DENSE
from sartor.nets import ChannelMeans, Network, mobile
from sartor.train import keep_freed_memory

PIXELS, WARM = 28, 3
WIDTHS = (0.25, 0.5, 1.0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(asked.threads)
    print(describe())
    print(f"batch {DENSE.batch}, {PIXELS} pixels, bfloat16, {asked.threads} threads\n")
    print("| multiply-adds | torch's pooling, ms a step | channel means | ratio (p10, p90) |")
    print("|---|---|---|---|")
    for width in WIDTHS:
        family = mobile(resolution=PIXELS, channels=1, classes=10, width=width)
        network = Network(family.blueprint(family.largest())).train()
        network.to(memory_format=torch.channels_last)
        millions = count(family, family.largest()).macs / 1e6
        torchs, ours = in_turn(network, asked.rounds)
        ratios = sorted(one / other for one, other in zip(ours, torchs, strict=True))
        spread = f"({ratios[len(ratios) // 10]:.2f}, {ratios[-1 - len(ratios) // 10]:.2f})"
        print(
            f"| {millions:.1f} M | {statistics.median(torchs):.1f} "
            f"| {statistics.median(ours):.1f} | {statistics.median(ratios):.2f} {spread} |",
            flush=True,
        )


def in_turn(network: Network, rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of steps with torch's pooling, and with channel means."""
    head = network.get_submodule("head")
    images = torch.randn(DENSE.batch, 1, PIXELS, PIXELS).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (DENSE.batch,))
    poolings: tuple[nn.Module, ...] = (nn.AdaptiveAvgPool2d(1), ChannelMeans())
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM + rounds):
        for pooling, found in zip(poolings, times, strict=True):
            head.pool = pooling
            started = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(images)
            F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
            network.zero_grad()
            found.append(1e3 * (time.perf_counter() - started))
    return times[0][WARM:], times[1][WARM:]


if __name__ == "__main__":
    main()
