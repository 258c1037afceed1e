"""Tuning: a network that was cut out learns on, taught by the supernet's largest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.teaching import SoftLabels, Teacher
from sartor.jobs.fitting.training import batches
from sartor.nets import resize
from sartor.study import Checkpoints
from sartor.train import Budget, Recipe, Threads, Training, Tune, half_pays, run, step_seconds

TUNING = Recipe(matrix_rate=0.02, warmup=0.02)
"""Inherited weights of a short training are a start, not a result: the rate is as high as from
scratch."""
SCRATCH = Recipe(matrix_rate=0.02)
"""For networks to compare with, which start from random weights."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A network that is to be trained, and how."""

    name: str
    """Of the folder that keeps its checkpoints: the design's id, or a model's name."""
    network: nn.Module
    resolution: int
    recipe: Recipe
    teacher: Teacher | None = None


def teach(
    job: Job,
    lesson: Lesson,
    *,
    seconds: float | None,
    steps: int | None,
    stage: str,
    report: Callable[[float, float], None],
) -> float:
    """Train a network in place, or go on where an earlier session stopped.

    Args:
        job: Whose training split.
        lesson: What is trained.
        seconds: The budget, those of earlier sessions counted in; None where `steps` is given.
        steps: The budget in steps, or None.
        stage: Under whose name the time is recorded.
        report: Called about once a second with the share done and the loss.

    Returns:
        Seconds spent in all sessions.
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
        teacher=None if lesson.teacher is None else soft_labels(job, lesson).at,
        smoothing=lesson.recipe.label_smoothing,
        half=half,
    )
    budget = Budget(steps=steps, seconds=seconds, spent=training.seconds)
    threads = None if steps is not None else Threads()
    already = training.seconds

    def save(state: Training) -> None:
        nonlocal already
        checkpoints.save(
            state.step, state.tensors(), {"step": state.step, "seconds": state.seconds}
        )
        job.folder.spend(stage, state.seconds - already)
        already = state.seconds

    run(training, tune, budget, save=save, report=report, threads=threads)
    training.wear_average_()
    network.eval()
    return training.seconds


def soft_labels(job: Job, lesson: Lesson) -> SoftLabels:
    """Open what the teacher of a lesson says of the training images."""
    teacher = lesson.teacher
    assert teacher is not None, lesson.name
    plain = batches(job, lesson.recipe, job.asked.seed + 1, augmented=False)
    file = job.folder.path / "training" / f"taught-by-{teacher.name}.npy"
    return SoftLabels(teacher, plain, file, (len(job.task.train), len(job.task.classes)))


def _folder(job: Job, name: str) -> Path:
    return job.folder.path / "training" / name
