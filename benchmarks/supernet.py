"""What a supernet costs: a step against plain steps, switching designs, cutting one out.

    python benchmarks/supernet.py [--designs 30]

For random designs, a training step of the worn design and of the network cut out are timed in
turn; the ratio is that of the sums over designs, with a bootstrap interval over designs.
"""

import argparse
import time

import numpy as np
import torch
from torch import nn

from machine import describe
from sartor.nets import Supernet, mobile, resize
from sartor.train import keep_freed_memory

ROUNDS = 15


def seconds(call: object) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--designs", type=int, default=30)
    count = parser.parse_args().designs
    keep_freed_memory()
    torch.set_num_threads(1)
    family = mobile(resolution=28, channels=1, classes=10)
    supernet = Supernet(family).to(memory_format=torch.channels_last)
    rng = np.random.default_rng(0)
    images = torch.randn(64, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (64,))
    worn_times, plain_times, switches, cuts = [], [], [], []
    for _ in range(count):
        design = family.space.sample(rng)
        cuts.append(seconds(lambda d=design: supernet.cut(d)))
        network = supernet.cut(design).to(memory_format=torch.channels_last).train()
        resolution = family.resolution(design)

        def step(model: object, x: torch.Tensor) -> None:
            loss = nn.functional.cross_entropy(model(x), labels)  # type: ignore[operator]
            loss.backward()  # type: ignore[no-untyped-call]

        def plain(n: nn.Module = network, r: int = resolution) -> None:
            n.zero_grad(set_to_none=True)
            step(n, resize(images, r))

        def worn(d: object = design) -> None:
            supernet.zero_grad(set_to_none=True)
            step(supernet.wear(d).train(), images)  # type: ignore[arg-type]

        plain()
        worn()
        pairs = [(seconds(plain), seconds(worn)) for _ in range(ROUNDS)]
        plain_times.append(float(np.median([p for p, _ in pairs])))
        worn_times.append(float(np.median([w for _, w in pairs])))
        switches.append(
            float(np.median([seconds(lambda d=design: supernet.wear(d)) for _ in range(20)]))
        )
    a, b = np.array(worn_times), np.array(plain_times)
    drawn = rng.integers(count, size=(1000, count))
    low, high = np.quantile(a[drawn].sum(1) / b[drawn].sum(1), (0.025, 0.975))
    print(describe())
    print(f"{count} random designs, batch 64, one thread, {ROUNDS} rounds in turn, seed 0\n")
    print("| what | measured | target |")
    print("|---|---|---|")
    print(f"| step worn / step cut out | {a.sum() / b.sum():.3f} [{low:.3f}, {high:.3f}] | 1.05 |")
    for what, times, target in (("switching designs", switches, 0.2), ("cutting out", cuts, 40)):
        middle, most = 1e3 * np.median(times), 1e3 * max(times)
        print(f"| {what}, median (largest) | {middle:.3f} ({most:.3f}) ms | {target} ms |")


if __name__ == "__main__":
    main()
