"""Which choices matter, as Optuna's importances tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sartor.report.study.recorded import Numbers, Recorded, spread
from sartor.study import Trial, without_log

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

FEWEST = 12
"""Trials from which on something can be said."""
TREES, SEED = 32, 0
MOST = 5
"""Options that are categories to Optuna, which looks at all subsets of them; where there are more,
they are numbers in their order."""
MOST_TRIALS = 400
"""Of more trials so many are looked at, evenly spread: it takes tens of seconds for 98 choices."""


@dataclass(frozen=True, slots=True)
class Importance:
    """The share of an objective's variance that each choice explains."""

    objective: str
    shares: dict[str, float]
    """By choice, the greatest first, adding up to 1; empty where nothing can be said."""


def importances(it: Recorded) -> tuple[Importance, ...]:
    """Return how much each choice matters to every objective.

    A choice that is not active in a design has an option of its own there: of choices that are
    active in some designs only, Optuna would else say nothing, or leave out most trials.

    Source:
        Hutter, Hoos and Leyton-Brown 2014 (fANOVA), computed by Optuna. PED-ANOVA, which looks at
        the best tenth alone, did not find the choices that matter in designs that a search had
        chosen: rank correlation with the variance that each choice explains among uniform draws
        of the tables of MobileNetV3 (46 choices, 300 trials) -0.1 and 0.1 for accuracy and
        latency, of fANOVA 0.6 and 0.4.
    """
    found = []
    trials = [it.study.done[at] for at in spread(len(it.study.done), MOST_TRIALS)]
    values = it.values(trials)
    for column, name in enumerate(it.objectives):
        enough = len(values) >= FEWEST and np.ptp(values[:, column]) > 0
        found.append(Importance(name, _shares(it, trials, values[:, column]) if enough else {}))
    return tuple(found)


def _shares(it: Recorded, trials: Sequence[Trial], values: Numbers) -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    with without_log():
        study = _study(it, trials, values)
        evaluator = FanovaImportanceEvaluator(n_trees=TREES, seed=SEED)
        found = get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _study(it: Recorded, trials: Sequence[Trial], values: Numbers) -> "Study":
    """Write trials with all their choices, (n,) values, into a study in memory."""
    import optuna

    space = it.problem.space
    several = [choice for choice in space.choices if len(choice.options) > 1]
    genes = space.encode([trial.design for trial in trials])
    genes = np.where(space.coding.active(genes), genes, -1)
    places = [space.position(choice.name) for choice in several]
    kinds = {
        choice.name: _distribution(np.unique(genes[:, place]).tolist())
        for choice, place in zip(several, places, strict=True)
    }
    study = optuna.create_study()
    study.add_trials(
        optuna.trial.create_trial(
            params=dict(zip(kinds, row, strict=True)), distributions=dict(kinds), value=value
        )
        for row, value in zip(genes[:, places].tolist(), values.tolist(), strict=True)
    )
    return study


def _distribution(options: list[int]) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if len(options) <= MOST:
        return CategoricalDistribution(options)
    return IntDistribution(options[0], options[-1])
