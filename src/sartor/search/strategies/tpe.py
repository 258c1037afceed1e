"""Tree-structured Parzen estimators, by Optuna."""

from typing import TYPE_CHECKING

from sartor.search.by_optuna import ByOptuna
from sartor.search.protocol import STRATEGIES, Problem

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


@STRATEGIES.register(
    "tpe", "Optuna's tree-structured Parzen estimators.", "Bergstra et al. 2011; Ozaki et al. 2022"
)
def tpe(problem: Problem, seed: int) -> ByOptuna:
    """Ask Optuna's `TPESampler`, all choices together.

    Source:
        Bergstra et al. 2011, Algorithms for hyper-parameter optimization; Ozaki et al. 2022, for
        several objectives. Computed by Optuna.
    """
    return ByOptuna(problem, seed, _sampler)


def _sampler(seed: int) -> "BaseSampler":
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed, multivariate=True, group=True)
