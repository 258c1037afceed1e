"""A Gaussian process, by Optuna."""

from typing import TYPE_CHECKING

from sartor.search.by_optuna import ByOptuna
from sartor.search.protocol import STRATEGIES, Problem

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@STRATEGIES.register("gp", "Optuna's Gaussian process; slow.", "Optuna's GPSampler")
def gp(problem: Problem, seed: int) -> ByOptuna:
    """Ask Optuna's `GPSampler`.

    Conditional choices are drawn independently by it where they are not active in all trials.

    Source:
        Optuna's `GPSampler`: expected improvement of (hyper)volume, computed by Optuna.
    """
    return ByOptuna(problem, seed, _sampler)


def _sampler(seed: int) -> "BaseSampler":
    from optuna.samplers import GPSampler

    return GPSampler(seed=seed)
