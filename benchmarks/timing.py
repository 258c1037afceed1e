"""The same file twice in one run: how far apart the two numbers are.

    python benchmarks/timing.py [--tries 20] [--busy]

With --busy another process computes all the while.
"""

import argparse
import multiprocessing
import tempfile
from pathlib import Path

import torch

from machine import describe
from sartor import targets
from sartor.deploy import export
from sartor.nets import Network, mobile
from sartor.targets import ratio, time_in_turn


def burn() -> None:
    """Compute for ever."""
    while True:
        sum(range(10_000))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--busy", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    family = mobile(resolution=28, channels=1, classes=10)
    target = targets.open("cpu")
    others = [multiprocessing.Process(target=burn, daemon=True)] if options.busy else []
    for process in others:
        process.start()
    print(describe())
    print(f"{options.tries} tries, 1 s each program, seed 0 and on; busy: {options.busy}\n")
    print("| runtime | within 2 % | not trusted | within 2 % or not trusted | equal by ratio |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        export(Network(family.blueprint(family.largest())).eval(), file, (1, 28, 28))
        for name, runtime in target.runtimes.items():
            near = doubted = either = equal = 0
            for seed in range(options.tries):
                pair = {k: runtime.compile(file, threads=1, precision="fp32") for k in "ab"}
                found = time_in_turn(pair, seconds_each=1.0, seed=seed, precise=0.01)
                a, b = found["a"], found["b"]
                within = abs(a.median_ms / b.median_ms - 1) <= 0.02
                doubt = not (a.trustworthy and b.trustworthy)
                near += within
                doubted += doubt
                either += within or doubt
                equal += ratio(a, b).equal
            total = options.tries
            counts = " | ".join(f"{it}/{total}" for it in (near, doubted, either, equal))
            print(f"| {name} | {counts} |")
    for process in others:
        process.terminate()


if __name__ == "__main__":
    main()
