"""Optuna's samplers as strategies."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sartor.search.history import Remembering
from sartor.search.met import Met
from sartor.search.protocol import Problem, Scored, over
from sartor.space import Design, Genes
from sartor.study import OPTUNA_DIRECTIONS, without_log

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

TRIES = 8
"""Designs asked of the sampler for one that is new and keeps the limits."""


class ByOptuna(Remembering):
    """Asks a sampler of Optuna, in a study that is made anew of all trials for every batch.

    Ordered choices are integers to the sampler, others categories. What the sampler asks for again,
    or what misses a limit by its estimates, is told to it as failed; where it finds nothing else,
    random designs fill the batch.

    Args:
        problem: The search.
        seed: 0 or more.
        make: Makes the sampler from a seed.
    """

    def __init__(self, problem: Problem, seed: int, make: "Callable[[int], BaseSampler]") -> None:
        super().__init__(problem, seed)
        self._make = make

    def ask(self, count: int) -> list[Design]:
        """Return what the sampler suggests; see `Strategy`."""
        with without_log():
            return self._ask(count)

    def _ask(self, count: int) -> list[Design]:
        history = self._history
        rng = history.rng()
        study = self._study(int(rng.integers(2**31)))
        met = history.met.copy()
        chosen = history.genes[:0]
        for _ in range(count):
            found = self._suggested(study, met)
            if found is None:
                break
            chosen = np.concatenate([chosen, found])
        return history.filled(chosen, count, met, rng)

    def _suggested(self, study: "Study", met: Met) -> Genes | None:
        """Ask for one design, (1, choices), that is new and keeps the limits, and meet it."""
        from optuna.trial import TrialState

        problem = self._history.problem
        for _ in range(TRIES):
            trial = study.ask()
            genes = _suggest(trial, problem)
            new = not met.knows(genes)[0]
            if new and problem.within(genes)[0]:
                met.add(genes)
                return genes  # left running, so that the sampler knows of it
            study.tell(trial, state=TrialState.FAIL)
        return None

    def _study(self, seed: int) -> "Study":
        import optuna

        history, problem = self._history, self._history.problem
        study = optuna.create_study(
            directions=[OPTUNA_DIRECTIONS[way] for way in problem.directions],
            sampler=self._make(seed),
        )
        kinds = _distributions(problem)
        study.add_trials(
            _frozen(problem, trial, genes, kinds)
            for trial, genes in zip(history.good, history.genes, strict=True)
        )
        return study


def _distributions(problem: Problem) -> "list[BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, IntDistribution

    return [
        IntDistribution(0, len(choice.options) - 1)
        if choice.ordered
        else CategoricalDistribution(range(len(choice.options)))
        for choice in problem.space.choices
    ]


def _suggest(trial: "Trial", problem: Problem) -> Genes:
    """Suggest the active choices of a design one by one, (1, choices)."""
    genes = np.zeros((1, len(problem.space)), np.int64)
    for place, choice in enumerate(problem.space.choices):
        if problem.coding.active(genes)[0, place]:
            last = len(choice.options) - 1
            genes[0, place] = (
                trial.suggest_int(choice.name, 0, last)
                if choice.ordered
                else trial.suggest_categorical(choice.name, range(last + 1))
            )
    return problem.coding.settled(genes)


def _frozen(
    problem: Problem, trial: Scored, genes: Genes, kinds: "list[BaseDistribution]"
) -> "FrozenTrial":
    from optuna.trial import create_trial

    active = np.flatnonzero(problem.coding.active(genes[None])[0])
    names = [problem.space.choices[place].name for place in active]
    missed = {
        str(limit): float(over(limit, np.array(trial.values[limit.metric])))
        for limit in problem.limits
        if limit.metric in trial.values
    }
    return create_trial(
        params=dict(zip(names, genes[active].tolist(), strict=True)),
        distributions=dict(zip(names, [kinds[place] for place in active], strict=True)),
        values=[trial.values[name] for name in problem.objectives],
        constraints=missed,
    )
