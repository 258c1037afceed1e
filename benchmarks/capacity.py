"""What can be counted of a network tells how much of its accuracy, at equal latency.

    python benchmarks/capacity.py DATA [--designs 24] [--seconds 30]

Random designs of the `mobile` family, half of them with the kinds of blocks of its largest network,
each in its fastest deployment, are trained from random weights for as many seconds each. The
table has rank correlations with the accuracy on the test split, and the same with the latency held
fixed (partial rank correlation): what a measure knows beyond "slower is better".
"""

import argparse

import numpy as np

from machine import describe
from sartor import targets, tasks
from sartor.cost.designs import Survey, Surveyor, deployed
from sartor.jobs.fitting.tuning import DENSE
from sartor.nets import mobile
from sartor.search import rank_correlation
from sartor.space import Design
from sartor.study import CACHE
from sartor.train import keep_freed_memory
from school import School

NETWORKS = 80
"""Architectures of the survey."""
LARGEST = 3.0
"""Multiply-adds of a design at most, as a multiple of the largest network's."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--designs", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    keep_freed_memory()
    task = tasks.open(asked.data, cache=CACHE / "data")
    family = mobile(resolution=task.resolution, channels=task.channels, classes=len(task.classes))
    surveyor = Surveyor(family, targets.open("cpu").reading(".onnx"), asked.seed)
    surveyor.run(seconds=None, networks=NETWORKS)
    survey = surveyor.result()
    designs = draw(survey, asked.designs, np.random.default_rng(asked.seed))
    school = School(task)
    accuracy = np.array(
        [school.train(family, it, DENSE, asked.seed, seconds=asked.seconds)[1] for it in designs]
    )
    known = survey.estimate(designs)
    measures = {
        "latency": known["latency_ms"],
        "parameters": known["params"],
        "multiply-adds": known["macs"],
        "entropy": known["entropy"],
        "multiply-adds x entropy^2": known["macs"] * known["entropy"] ** 2,
        "the same x resolution": known["macs"] * known["entropy"] ** 2 * known["resolution"],
    }
    print(describe())
    print(f"{asked.data}, {len(designs)} designs, {asked.seconds:g} s each, seed {asked.seed}")
    print(f"accuracy {100 * accuracy.min():.2f} to {100 * accuracy.max():.2f} %\n")
    print("| measure | rank correlation | with the latency held fixed |\n|---|---|---|")
    for name, values in measures.items():
        whole = rank_correlation(values, accuracy)
        rest = partial(values, accuracy, known["latency_ms"])
        print(f"| {name} | {whole:.2f} | {rest:.2f} |")


def draw(survey: Survey, count: int, rng: np.random.Generator) -> list[Design]:
    """Draw designs in their fastest deployment, every second with the largest network's kinds."""
    family = survey.family
    found: list[Design] = []
    most = LARGEST * survey.estimate(deployments(survey, family.largest()))["macs"][0]
    while len(found) < count:
        design = family.space.sample(rng)
        if len(found) % 2:
            design = family.space.fix(design, family.teaching(), rng)
        ways = deployments(survey, design)
        known = survey.estimate(ways)
        if known["macs"][0] <= most:
            found.append(ways[int(np.argmin(known["latency_ms"]))])
    return found


def deployments(survey: Survey, design: Design) -> list[Design]:
    """Return a design in every runtime and precision."""
    return [
        Design(deployed(design, runtime, precision))
        for runtime, floats in survey.runtimes.items()
        for precision in (*floats, "int8")
    ]


def partial(one: np.ndarray, other: np.ndarray, given: np.ndarray) -> float:
    """Return the rank correlation of two measures with a third held fixed, 0 where it is all."""
    both = rank_correlation(one, other)
    first, second = rank_correlation(one, given), rank_correlation(other, given)
    left = (1 - first**2) * (1 - second**2)
    return (both - first * second) / left**0.5 if left > 1e-9 else 0.0


if __name__ == "__main__":
    main()
