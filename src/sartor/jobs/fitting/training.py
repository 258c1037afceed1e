"""The training stage: the supernet learns, within its share of the budget."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from sartor.cost.designs import count
from sartor.jobs.fitting.job import Job
from sartor.nets import Supernet
from sartor.space import Design
from sartor.study import Checkpoints, StageClock
from sartor.tasks import Augment, Batches
from sartor.train import (
    Budget,
    Recipe,
    Report,
    Sandwich,
    Step,
    Threads,
    Training,
    half_pays,
    run,
    step_seconds,
)

STAGE = "train"
SUPERNET = Recipe(batch=64, learning_rate=0.2)
"""Small batches: weights that many designs share need steps more than images in each."""
FOCUS = 0.5
"""Share of the architectures drawn near promising designs."""
DRAWS = 12
"""Architectures drawn at most to find one that is not too large."""
CROP = 1 / 12
"""Share of the resolution by which images are shifted at most."""
RECORD_EVERY = 30.0
"""Seconds after which the time of a training is recorded: so much is missing after a kill."""


def batches(job: Job, recipe: Recipe, seed: int, *, augmented: bool = True) -> Batches:
    """Return the batches of the training split. Augmented ones are shifted, in colour mirrored."""
    task = job.task
    crop = max(1, round(task.resolution * CROP))
    return Batches(
        task.train,
        batch=recipe.batch,
        seed=seed,
        mean=task.mean,
        std=task.std,
        augment=Augment(crop=crop, flip=task.channels == 3) if augmented else None,
    )


def drawing(
    job: Job, promising: Sequence[Design], most_macs: float
) -> Callable[[np.random.Generator], Design]:
    """Return what draws architectures for training: half of them near promising designs.

    Those above `most_macs` are drawn again, a few times.

    Shared weights learn little of everything in minutes; they had better learn what the device
    executes well.

    Source:
        Wang et al. 2021, arXiv:2011.09011 (AttentiveNAS: sampling toward the front). Differs: the
        front is that of capacity and latency, which is known before training.
    """
    space = job.family.space
    near = [space.part_of(design) for design in promising]

    def once(rng: np.random.Generator) -> Design:
        if not near or rng.random() >= FOCUS:
            return job.family.draw(rng)
        return space.mutate(near[rng.integers(len(near))], rng, 1 / len(space))

    def draw(rng: np.random.Generator) -> Design:
        drawn = [once(rng)]
        while macs(drawn[-1]) > most_macs and len(drawn) < DRAWS:
            drawn.append(once(rng))
        return drawn[-1] if len(drawn) < DRAWS else min(drawn, key=macs)

    def macs(design: Design) -> int:
        return count(job.family, design).macs

    return draw


def run_kept(
    training: Training,
    gradients: Step,
    budget: Budget,
    checkpoints: Checkpoints,
    report: Report,
) -> None:
    """Train until the budget is used up, with checkpoints.

    Args:
        training: Changed in place; goes on from its step.
        gradients: Computes the gradients of a step.
        budget: In seconds, those of earlier sessions counted in, or in steps: then the training
            repeats exactly.
        checkpoints: Where it is kept.
        report: Called about once a second with the share done and the loss.
    """

    def save(state: Training) -> None:
        checkpoints.save(
            state.step, state.tensors(), {"step": state.step, "seconds": state.seconds}
        )

    threads = Threads() if budget.steps is None else None
    run(training, gradients, budget, save=save, report=report, threads=threads)


def train_supernet(
    job: Job, promising: Sequence[Design], most_macs: float, seconds: float | None
) -> Supernet:
    """Train the supernet, or go on with it, and return it wearing its averaged weights.

    Args:
        job: With `asked.steps` as the budget where that is given.
        promising: Designs near which half of the architectures are drawn.
        most_macs: Multiply-adds of an architecture that is worth training.
        seconds: The budget otherwise, those of earlier sessions counted in.
    """
    torch.manual_seed(job.asked.seed)
    supernet = Supernet(job.family).to(memory_format=torch.channels_last)
    checkpoints = Checkpoints(job.folder.path / "supernet")
    recipe = SUPERNET
    training = Training(supernet, recipe)
    found = checkpoints.latest()
    for name in checkpoints.skipped:
        job.progress.say(f"checkpoint {name} is damaged; the one before it is used")
    if found is not None:
        training.restore(found.tensors, found.state)
    if not job.folder.stage_done(STAGE):
        _train(job, training, checkpoints, drawing(job, promising, most_macs), seconds)
    training.wear_average_()
    return supernet


def _train(
    job: Job,
    training: Training,
    checkpoints: Checkpoints,
    draw: Callable[[np.random.Generator], Design],
    seconds: float | None,
) -> None:
    clock = StageClock(job.folder, STAGE)
    recipe, supernet = training.recipe, training.model
    assert isinstance(supernet, Supernet)
    fetch = batches(job, recipe, job.asked.seed)
    largest = supernet.wear(job.family.largest()).train()
    half = job.asked.steps is None and half_pays(step_seconds(largest, fetch.at(0)[0]))
    sandwich = Sandwich(
        supernet=supernet,
        fetch=fetch.at,
        draw=draw,
        seed=job.asked.seed,
        smoothing=recipe.label_smoothing,
        half=half,
    )

    def report(share: float, loss: float) -> None:
        job.progress.update(share, f"step {training.step:,}, loss {loss:.2f}")
        clock.record(RECORD_EVERY)

    steps = job.asked.steps
    budget = Budget(steps, None if steps is not None else seconds, spent=training.seconds)
    run_kept(training, sandwich, budget, checkpoints, report)
    clock.finish({"steps": training.step, "seconds": training.seconds})
