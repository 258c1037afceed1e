"""Predictor-guided search with everything that can predict."""

from sartor.search.predictors import MEMBERS
from sartor.search.protocol import STRATEGIES, Problem
from sartor.search.strategies.predictor import PredictorGuided


@STRATEGIES.register(
    "ensemble",
    "The default with trees, ridge and networks beside the process.",
    "LINAS, arXiv:2202.12954",
)
def ensemble(problem: Problem, seed: int) -> PredictorGuided:
    """Search guided by a process and whatever members predict better what was left out.

    Several times slower than the process alone, and no better on tables (docs/benchmarks.md).
    """
    return PredictorGuided(problem, seed, tuple(MEMBERS))
