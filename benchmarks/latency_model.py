"""How near latency models come on designs that they never saw.

    python benchmarks/latency_model.py [--fitted 240] [--new 100]

The target is surveyed as in a fit, except that no runtime is dropped. Other random designs are
timed meanwhile, each in every runtime and precision, and compared with the predictions: once as
they were timed, and once at the speed that the machine had in the survey, as its anchors tell it.
"""

import argparse

import numpy as np

from machine import describe
from sartor import targets
from sartor.cost.designs import Surveyor, deployment
from sartor.cost.designs import surveyor as room
from sartor.cost.designs.features import stack
from sartor.cost.prediction import error_of
from sartor.nets import mobile

PARTS = 20
"""Turns in which both are timed."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fitted", type=int, default=240)
    parser.add_argument("--new", type=int, default=100)
    options = parser.parse_args()
    room.NEAR = float("inf")
    family = mobile(resolution=28, channels=1, classes=10)
    target = targets.open("cpu").reading(".onnx")
    surveyor, fresh = Surveyor(family, target, seed=0), Surveyor(family, target, seed=1)
    for part in range(PARTS):
        share = (part + 1) / PARTS
        surveyor.run(seconds=None, networks=round(options.fitted * share))
        fresh.run(seconds=None, networks=round(options.new * share))
    survey = surveyor.result()
    print(describe())
    print(f"fitted on {options.fitted} architectures (seed 0), {options.new} others (seed 1)\n")
    columns = ["runtime, precision", "networks", "median error", "95 % within", "within 10 %"]
    columns += ["rank", "as timed: within 10 %"]
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for runtime, model in survey.models.items():
        own = [item for item in fresh.timed if item.design["runtime"] == runtime]
        predicted = model.predict(stack(family, [item.design for item in own]))
        raw = np.array([item.latency_ms for item in own])
        times = raw * survey.pace / np.array([item.pace for item in own])
        precisions = np.array([deployment(item.design).precision for item in own])
        for precision in np.unique(precisions):
            rows = precisions == precision
            error = error_of(predicted[rows], times[rows], options.fitted)
            as_timed = error_of(predicted[rows], raw[rows], options.fitted)
            print(
                f"| {runtime} {precision} | {rows.sum()} | {100 * error.median_error:.1f} % | "
                f"{100 * error.p95_error:.1f} % | {100 * error.within_10_percent:.0f} % | "
                f"{error.rank_correlation:.3f} | {100 * as_timed.within_10_percent:.0f} % |"
            )


if __name__ == "__main__":
    main()
