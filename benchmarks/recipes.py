"""How accurate a network is after a few epochs, by what updates its weights and what teaches it.

    python benchmarks/recipes.py DATA [--epochs 6] [--seeds 3]

The network is the largest of the `mobile` family at half of its widths; its teacher is the largest,
trained for as many epochs.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from machine import describe
from sartor import tasks
from sartor.jobs.fit import CACHE
from sartor.jobs.fitting.teaching import SoftLabels, Teacher
from sartor.nets import Family, Network, mobile, resize
from sartor.tasks import Augment, Batches
from sartor.train import (
    Budget,
    Recipe,
    Training,
    Tune,
    correct,
    estimate_norms_,
    half_pays,
    keep_freed_memory,
    run,
    step_seconds,
)
from sartor.units import Measurement

SGD, MUON = Recipe(), Recipe(matrix_rate=0.02)


@dataclass
class School:
    """Trains networks on a task."""

    task: tasks.Task
    epochs: float

    def batches(self, recipe: Recipe, seed: int, *, augmented: bool = True) -> Batches:
        """Return training batches."""
        task = self.task
        augment = Augment(crop=round(task.resolution / 12), flip=task.channels == 3)
        return Batches(
            task.train, batch=recipe.batch, seed=seed, mean=task.mean, std=task.std,
            augment=augment if augmented else None,
        )  # fmt: skip

    def train(
        self, family: Family, recipe: Recipe, seed: int, teacher: SoftLabels | None = None
    ) -> tuple[Network, float, float]:
        """Return a trained network, its accuracy on the test split, and the seconds it took."""
        torch.manual_seed(seed)
        design = family.largest()
        network = Network(family.blueprint(design)).to(memory_format=torch.channels_last).train()
        fetch, resolution = self.batches(recipe, seed), family.resolution(design)
        half = half_pays(step_seconds(network, resize(fetch.at(0)[0], resolution)))
        lesson = Tune(
            network=network, resolution=resolution, fetch=fetch.at, half=half,
            teacher=None if teacher is None else teacher.at, smoothing=recipe.label_smoothing,
        )  # fmt: skip
        started = time.monotonic()
        training = Training(network, recipe)
        run(training, lesson, Budget(steps=round(self.epochs * fetch.steps_per_epoch)))
        training.wear_average_()
        seconds = time.monotonic() - started
        plain = self.batches(recipe, seed, augmented=False)
        estimate_norms_(network, [plain.at(step)[0] for step in range(8)])
        task = self.task
        right, total = correct(
            network, tasks.whole(task.test, mean=task.mean, std=task.std, batch=256)
        )
        return network, right / total, seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--epochs", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    keep_freed_memory()
    task = tasks.open(asked.data, cache=CACHE / "data")
    school = School(task, asked.epochs)
    shape = {"resolution": task.resolution, "channels": task.channels}
    large = mobile(**shape, classes=len(task.classes))
    small = mobile(**shape, classes=len(task.classes), width=0.5)
    print(describe())
    print(f"{asked.data}, {asked.epochs:g} epochs, {asked.seeds} seeds\n")
    rows: dict[str, list[tuple[float, float]]] = {}
    for seed in range(asked.seeds):
        teacher, accuracy, seconds = school.train(large, MUON, seed)
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
                _, accuracy, seconds = school.train(small, recipe, seed, taught)
                rows.setdefault(name, []).append((accuracy, seconds))
    print("| trained by | accuracy %, mean (smallest, largest) | seconds |\n|---|---|---|")
    for name, results in rows.items():
        accuracies = [100 * accuracy for accuracy, _ in results]
        spread = f"({min(accuracies):.2f}, {max(accuracies):.2f})"
        seconds = statistics.median(seconds for _, seconds in results)
        print(f"| {name} | {statistics.mean(accuracies):.2f} {spread} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
