"""How long threads should wait busily for one another, with other programs on the machine.

    python benchmarks/waiting.py [--seconds 5] [--rounds 3]

A training step of a network of 20 convolutions on two threads, in a fresh process for each number
of turns that OpenMP's threads wait busily before they sleep (GOMP_SPINCOUNT), beside none, one and
two processes that compute all the while. In turn, round after round; medians.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
from statistics import median

from machine import describe

SPINS = ("", "1000", "20000", "60000")
"""The empty one is what the library takes by itself."""
OTHERS = (0, 1, 2)
STEP = """
import sys, time, torch
from torch import nn
torch.set_num_threads(2)
def block(): return nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
network = nn.Sequential(*[block() for _ in range(20)]).to(memory_format=torch.channels_last)
images = torch.randn(64, 32, 8, 8).to(memory_format=torch.channels_last)
steps, started = -2, 0.0
while steps < 1 or time.monotonic() - started < float(sys.argv[1]):
    if steps == 0:
        started = time.monotonic()
    network(images).sum().backward()
    steps += 1
print((time.monotonic() - started) / steps * 1e3)
"""


def main() -> None:
    """Time, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{describe()}\n\n| others | default | {' | '.join(SPINS[1:])} |")
    print(f"{'|---' * (1 + len(SPINS))}|")
    for others in OTHERS:
        busy = [multiprocessing.Process(target=compute, daemon=True) for _ in range(others)]
        for it in busy:
            it.start()
        rounds = [[step(spin, asked.seconds) for spin in SPINS] for _ in range(asked.rounds)]
        for it in busy:
            it.terminate()
        cells = (f"{median(column):.0f} ms" for column in zip(*rounds, strict=True))
        print(f"| {others} | {' | '.join(cells)} |", flush=True)


def step(spin: str, seconds: float) -> float:
    """Return the milliseconds of a step."""
    environment = {it: value for it, value in os.environ.items() if it != "GOMP_SPINCOUNT"}
    if spin:
        environment["GOMP_SPINCOUNT"] = spin
    command = [sys.executable, "-c", STEP, str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def compute() -> None:
    """Keep a core busy."""
    while True:
        sum(range(1000))


if __name__ == "__main__":
    main()
