"""How accurate a network is after a minute, by what updates its weights and what teaches it.

    python benchmarks/recipes.py DATA [--seconds 60] [--seeds 3]

The network is the largest of the `mobile` family at half of its widths. One teacher is the same
network after a quarter of the time, which knows less than its student soon will; the other is the
largest at three quarters of its widths, after three times as long.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from torch import nn

from machine import describe
from sartor import tasks
from sartor.jobs.fitting.teaching import SoftLabels, Teacher
from sartor.jobs.fitting.tuning import DENSE, DEPTHWISE
from sartor.nets import Family, mobile
from sartor.study import CACHE
from sartor.train import Recipe, keep_freed_memory
from sartor.units import Measurement
from school import School


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    keep_freed_memory()
    task = tasks.open(asked.data, cache=CACHE / "data")
    school = School(task)
    shape = {"resolution": task.resolution, "channels": task.channels}
    small, large = (mobile(**shape, classes=len(task.classes), width=it) for it in (0.5, 0.75))
    print(describe())
    print(f"{asked.data}, {asked.seconds:g} seconds each, {asked.seeds} seeds\n")
    rows: dict[str, list[float]] = {}

    def lesson(
        name: str,
        recipe: Recipe,
        seconds: float,
        family: Family = small,
        teacher: SoftLabels | None = None,
    ) -> nn.Module:
        network, accuracy, _ = school.train(
            family, family.largest(), recipe, seed, seconds=seconds, teacher=teacher
        )
        rows.setdefault(name, []).append(100 * accuracy)
        return network

    for seed in range(asked.seeds):
        early = lesson("the teacher after a quarter of the time", DENSE, asked.seconds / 4)
        strong = lesson("the larger teacher", DENSE, 3 * asked.seconds, family=large)
        lesson("SGD, batches of 128", DEPTHWISE, asked.seconds)
        lesson("Muon, batches of 128", Recipe(matrix_rate=0.02), asked.seconds)
        lesson("Muon, batches of 256", DENSE, asked.seconds)
        for name, teacher in (("early", early), ("larger", strong)):
            with tempfile.TemporaryDirectory() as folder:
                soft = SoftLabels(
                    Teacher(name, teacher, Measurement(0.0, "proxy")),
                    school.batches(DENSE, seed, augmented=False),
                    Path(folder) / "soft.npy",
                    (len(task.train), len(task.classes)),
                )
                title = f"Muon, batches of 256, taught by the {name} teacher"
                lesson(title, DENSE, asked.seconds, teacher=soft)
    print("| trained by | accuracy %, mean (smallest, largest) |\n|---|---|")
    for name, results in rows.items():
        spread = f"({min(results):.2f}, {max(results):.2f})"
        print(f"| {name} | {statistics.mean(results):.2f} {spread} |")


if __name__ == "__main__":
    main()
