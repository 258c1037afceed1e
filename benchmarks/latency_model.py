"""How near latency models come on designs that they never saw.

    python benchmarks/latency_model.py [--fitted 240] [--new 100]

The target is surveyed as in a fit, except that no runtime is dropped. Then other random designs
are timed in turn, each in every runtime and precision, and compared with the predictions.
"""

import argparse

import numpy as np

from machine import describe
from sartor import targets
from sartor.cost import Surveyor, deployment
from sartor.cost import survey as room
from sartor.cost.features import stack
from sartor.cost.latency import error_of
from sartor.nets import mobile


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fitted", type=int, default=240)
    parser.add_argument("--new", type=int, default=100)
    options = parser.parse_args()
    room.NEAR = float("inf")
    family = mobile(resolution=28, channels=1, classes=10)
    target = targets.open("cpu")
    surveyor = Surveyor(family, target, seed=0)
    surveyor.run(seconds=None, networks=options.fitted)
    survey = surveyor.result()
    fresh = Surveyor(family, target, seed=1)
    fresh.run(seconds=None, networks=options.new)
    print(describe())
    print(f"fitted on {options.fitted} architectures (seed 0), {options.new} others (seed 1)\n")
    print("| runtime, precision | networks | median error | 95 % within | within 10 % | rank |")
    print("|---|---|---|---|---|---|")
    for runtime, model in survey.models.items():
        own = [item for item in fresh.timed if item.design["runtime"] == runtime]
        predicted = model.predict(stack(family, [item.design for item in own]))
        times = np.array([item.latency_ms for item in own])
        precisions = np.array([deployment(item.design).precision for item in own])
        for precision in np.unique(precisions):
            rows = precisions == precision
            error = error_of(predicted[rows], times[rows], options.fitted)
            print(
                f"| {runtime} {precision} | {rows.sum()} | {100 * error.median_error:.1f} % | "
                f"{100 * error.p95_error:.1f} % | {100 * error.within_10_percent:.0f} % | "
                f"{error.rank_correlation:.3f} |"
            )


if __name__ == "__main__":
    main()
