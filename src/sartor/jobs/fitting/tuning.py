"""Tuning: a network that was cut out learns on, taught by one that was tuned before."""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.teaching import SoftLabels, Teacher
from sartor.jobs.fitting.training import batches, run_kept
from sartor.nets import resize
from sartor.study import Checkpoints
from sartor.train import (
    Budget,
    Recipe,
    Report,
    Training,
    Tune,
    gain,
    half_pays,
    is_dense,
    rehearse,
    step_seconds,
)

DENSE = Recipe(batch=256, learning_rate=0.2, matrix_rate=0.04)
DEPTHWISE = Recipe()
"""For networks without and with depthwise convolutions. Orthogonal updates make the former learn
faster, also from batches that are large enough to be fast, and the latter worse than SGD
(docs/benchmarks.md)."""
MOST_PIXELS = 2**19
"""Of a batch that is larger than the usual one: activations of large images take much memory."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A network that is to be trained."""

    name: str
    """Of the folder that keeps its checkpoints: the design's id, or a model's name."""
    network: nn.Module
    resolution: int
    teacher: Teacher | None = None

    @property
    def recipe(self) -> Recipe:
        """What suits the network; the same from inherited and from random weights, since those of
        a short training are a start, not a result."""
        recipe = DENSE if is_dense(self.network.modules()) else DEPTHWISE
        fitting = max(DEPTHWISE.batch, MOST_PIXELS // self.resolution**2)
        return replace(recipe, batch=min(recipe.batch, fitting))


def teach(
    job: Job,
    lesson: Lesson,
    *,
    seconds: float | None,
    steps: int | None,
    report: Report,
) -> Training:
    """Train a network in place, or go on where an earlier session stopped.

    Args:
        job: Whose training split.
        lesson: What is trained.
        seconds: The budget, those of earlier sessions counted in; None where `steps` is given.
        steps: The budget in steps, or None.
        report: Called about once a second with the share done and the loss.

    Returns:
        The training, with the steps and seconds of all sessions.
    """
    network = lesson.network.to(memory_format=torch.channels_last)
    checkpoints = Checkpoints(_folder(job, lesson.name))
    training = Training(network, lesson.recipe)
    found = checkpoints.latest()
    if found is not None:
        training.restore(found.tensors, found.state)
    network.train()
    fetch = batches(job, lesson.recipe, job.asked.seed + 1)
    images = resize(fetch.at(0)[0], lesson.resolution)
    half = steps is None and half_pays(step_seconds(network, images))
    tune = Tune(
        network=network,
        resolution=lesson.resolution,
        fetch=fetch.at,
        teacher=None if lesson.teacher is None else soft_labels(job, lesson, half).at,
        smoothing=lesson.recipe.label_smoothing,
        half=half,
    )
    budget = Budget(steps, seconds, spent=training.seconds)
    run_kept(training, tune, budget, checkpoints, report)
    training.wear_average_()
    network.eval()
    return training


def image_seconds(job: Job, lesson: Lesson) -> float:
    """Time what it costs to train a network for one image, in the faster precision."""
    images = _some_images(job, lesson)
    return min(step_seconds(_for_training(lesson), images).values()) / len(images)


def side_by_side_gain(job: Job, lesson: Lesson, places: int) -> float:
    """Time how many times as fast a network is trained `places` times side by side as in turn."""
    network, images = _for_training(lesson), _some_images(job, lesson)
    half = half_pays(step_seconds(network, images))
    copies = [deepcopy(network) for _ in range(places)]
    return gain([partial(rehearse, it, images, half=half) for it in copies])


def _for_training(lesson: Lesson) -> nn.Module:
    return lesson.network.to(memory_format=torch.channels_last).train()


def _some_images(job: Job, lesson: Lesson) -> Float[Tensor, "n c h w"]:
    return resize(batches(job, lesson.recipe, job.asked.seed).at(0)[0], lesson.resolution)


def soft_labels(job: Job, lesson: Lesson, half: bool) -> SoftLabels:
    """Open what the teacher of a lesson says of the training images, in bfloat16 or float32."""
    teacher = lesson.teacher
    assert teacher is not None, lesson.name
    plain = batches(job, lesson.recipe, job.asked.seed + 1, augmented=False)
    file = job.folder.path / "training" / f"taught-by-{teacher.name}.npy"
    shape = (len(job.task.train), len(job.task.classes))
    return SoftLabels(teacher, plain, file, shape, half=half)


def _folder(job: Job, name: str) -> Path:
    return job.folder.path / "training" / name
