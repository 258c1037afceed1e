"""Trains single networks of a family, for the benchmarks that compare them."""

import time
from dataclasses import dataclass

import torch

from sartor import tasks
from sartor.jobs.fitting.teaching import SoftLabels
from sartor.nets import Family, Network, resize
from sartor.space import Design
from sartor.tasks import Augment, Batches
from sartor.train import (
    Budget,
    Recipe,
    Training,
    Tune,
    correct,
    estimate_norms_,
    half_pays,
    run,
    step_seconds,
)


@dataclass
class School:
    """Trains networks on a task."""

    task: tasks.Task

    def batches(self, recipe: Recipe, seed: int, *, augmented: bool = True) -> Batches:
        """Return training batches."""
        task = self.task
        augment = Augment(crop=round(task.resolution / 12), flip=task.channels == 3)
        return Batches(
            task.train, batch=recipe.batch, seed=seed, mean=task.mean, std=task.std,
            augment=augment if augmented else None,
        )  # fmt: skip

    def train(
        self,
        family: Family,
        design: Design,
        recipe: Recipe,
        seed: int,
        *,
        epochs: float | None = None,
        seconds: float | None = None,
        teacher: SoftLabels | None = None,
    ) -> tuple[Network, float, float]:
        """Return a trained network, its accuracy on the test split, and the seconds it took.

        Args:
            family: Of the design.
            design: From random weights.
            recipe: How it is trained.
            seed: Of weights and batches.
            epochs: The budget, or None where `seconds` is given.
            seconds: The budget, or None.
            teacher: Says what it thinks of the images of each step.
        """
        torch.manual_seed(seed)
        network = Network(family.blueprint(design)).to(memory_format=torch.channels_last).train()
        fetch, resolution = self.batches(recipe, seed), family.resolution(design)
        half = half_pays(step_seconds(network, resize(fetch.at(0)[0], resolution)))
        lesson = Tune(
            network=network, resolution=resolution, fetch=fetch.at, half=half,
            teacher=None if teacher is None else teacher.at, smoothing=recipe.label_smoothing,
        )  # fmt: skip
        started = time.monotonic()
        training = Training(network, recipe)
        steps = None if epochs is None else round(epochs * fetch.steps_per_epoch)
        run(training, lesson, Budget(steps=steps, seconds=seconds))
        training.wear_average_()
        spent = time.monotonic() - started
        plain = self.batches(recipe, seed, augmented=False)
        estimate_norms_(network, [resize(plain.at(step)[0], resolution) for step in range(8)])
        task = self.task
        images = tasks.whole(task.test, mean=task.mean, std=task.std, batch=256)
        right, total = correct(network, ((resize(x, resolution), y) for x, y in images))
        return network, right / total, spent
