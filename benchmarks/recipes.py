"""How accurate a network is after a few epochs, by what updates its weights and what teaches it.

    python benchmarks/recipes.py DATA [--epochs 6] [--seeds 3]

The network is the largest of the `mobile` family at half of its widths; its teacher is the largest,
trained for as many epochs.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from machine import describe
from sartor import tasks
from sartor.jobs.fit import CACHE
from sartor.jobs.fitting.teaching import SoftLabels, Teacher
from sartor.nets import mobile
from sartor.train import keep_freed_memory
from sartor.units import Measurement
from school import MUON, SGD, School


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--epochs", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    keep_freed_memory()
    task = tasks.open(asked.data, cache=CACHE / "data")
    school = School(task)
    shape = {"resolution": task.resolution, "channels": task.channels}
    large = mobile(**shape, classes=len(task.classes))
    small = mobile(**shape, classes=len(task.classes), width=0.5)
    print(describe())
    print(f"{asked.data}, {asked.epochs:g} epochs, {asked.seeds} seeds\n")
    rows: dict[str, list[tuple[float, float]]] = {}
    for seed in range(asked.seeds):
        teacher, accuracy, seconds = school.train(
            large, large.largest(), MUON, seed, epochs=asked.epochs
        )
        rows.setdefault("its teacher, Muon", []).append((accuracy, seconds))
        with tempfile.TemporaryDirectory() as folder:
            soft = SoftLabels(
                Teacher("teacher", teacher, Measurement(accuracy, "proxy")),
                school.batches(MUON, seed, augmented=False),
                Path(folder) / "soft.npy",
                (len(task.train), len(task.classes)),
            )
            for name, recipe, taught in (
                ("SGD", SGD, None),
                ("Muon", MUON, None),
                ("Muon, taught", MUON, soft),
            ):
                _, accuracy, seconds = school.train(
                    small, small.largest(), recipe, seed, epochs=asked.epochs, teacher=taught
                )
                rows.setdefault(name, []).append((accuracy, seconds))
    print("| trained by | accuracy %, mean (smallest, largest) | seconds |\n|---|---|---|")
    for name, results in rows.items():
        accuracies = [100 * accuracy for accuracy, _ in results]
        spread = f"({min(accuracies):.2f}, {max(accuracies):.2f})"
        seconds = statistics.median(seconds for _, seconds in results)
        print(f"| {name} | {statistics.mean(accuracies):.2f} {spread} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
