"""The training loop, the sandwich rule of supernets, distillation and evaluation."""

from sartor.train.budget import Budget
from sartor.train.crew import Crew, Work, gain, makespan, places
from sartor.train.evaluate import correct, predictions
from sartor.train.loop import Report, Step, Training, run
from sartor.train.losses import distillation, taught
from sartor.train.memory import give_freed_memory_back, keep_freed_memory
from sartor.train.norms import estimate_norms_
from sartor.train.precision import half_pays, is_dense, rehearse, step_seconds
from sartor.train.recipe import Recipe
from sartor.train.sandwich import Fetch, Sandwich
from sartor.train.threads import Threads
from sartor.train.tune import Tune

__all__ = [
    "Budget",
    "Crew",
    "Fetch",
    "Recipe",
    "Report",
    "Sandwich",
    "Step",
    "Threads",
    "Training",
    "Tune",
    "Work",
    "correct",
    "distillation",
    "estimate_norms_",
    "gain",
    "give_freed_memory_back",
    "half_pays",
    "is_dense",
    "keep_freed_memory",
    "makespan",
    "places",
    "predictions",
    "rehearse",
    "run",
    "step_seconds",
    "taught",
]
