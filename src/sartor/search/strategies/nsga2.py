"""NSGA-II: plain multi-objective evolution."""

from collections.abc import Sequence

import numpy as np

from sartor.search.evolve import breed, survive
from sartor.search.feasible import sample_feasible, stratified
from sartor.search.front import costs
from sartor.search.history import History
from sartor.search.protocol import STRATEGIES, Problem, Scored
from sartor.space import Design

POPULATION = 40
ROUNDS = 8
"""Broods tried for one batch before random designs fill it."""


@STRATEGIES.register("nsga2", "Multi-objective evolution.", "Deb et al. 2002, NSGA-II")
class Nsga2:
    """Ask for children of the best designs so far.

    The population is made anew from all trials for every batch, so that nothing else need be kept.

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        Deb et al. 2002, IEEE TEC 6(2). Differs: survivors are selected from all trials, the first
        population is spread over the cost, and designs whose estimates miss a limit are never
        asked for.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self._history = History(problem, seed)

    def ask(self, count: int) -> list[Design]:
        """Return children of the population; see `Strategy`."""
        history, problem = self._history, self._history.problem
        rng = history.rng()
        good = history.good
        if len(good) < POPULATION:
            return history.asked(stratified(problem, count, rng, exclude=history.known))
        names = list(problem.objectives)
        matrix = costs([[it.values[name] for name in names] for it in good], problem.directions)
        measured = {limit.metric: history.values(limit.metric) for limit in problem.limits}
        ranked = survive(matrix, problem.excess(measured, len(good)), POPULATION, rng)
        parents = [good[position].design for position in ranked.chosen]
        chosen: dict[Design, None] = {}
        for _ in range(ROUNDS):
            exclude = history.known | set(chosen)
            children = breed(problem.space, parents, ranked, 2 * count, rng, exclude)
            excess = problem.excess(problem.estimates(children), len(children))
            kept = [child for child, over in zip(children, excess, strict=True) if over <= 0]
            chosen.update(dict.fromkeys(kept))
            if len(chosen) >= count:
                break
        else:
            exclude = history.known | set(chosen)
            missing = count - len(chosen)
            chosen.update(dict.fromkeys(sample_feasible(problem, missing, rng, exclude=exclude)))
        return history.asked(list(chosen)[:count])

    def tell(self, trials: Sequence[Scored]) -> None:
        """Take in trials; see `Strategy`."""
        self._history.tell(trials)

    def report(self) -> dict[str, float]:
        """Return the number of trials that the population is selected from."""
        return {"population": float(np.minimum(POPULATION, len(self._history.good)))}
