"""Strategies as samplers, in an Optuna study that is not Sartor's."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import TrialState

from sartor.errors import OptionError
from sartor.search.protocol import STRATEGIES, Problem, Scored, Strategy
from sartor.space import Design, Space
from sartor.study import distributions
from sartor.units import Direction

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

DIRECTIONS: dict[str, Direction] = {"MAXIMIZE": "max", "MINIMIZE": "min"}


class StrategySampler(BaseSampler):
    """Samples the choices of a space as a strategy asks for them.

    The objective suggests each active choice as a category, by its name and with its options; what
    it suggests beside these is drawn at random.

    Args:
        space: Of the designs.
        strategy: Name of a strategy.
        seed: 0 or more; of the strategy and of what is drawn beside it.

    Raises:
        UnknownNameError: There is no strategy of that name.

    Example:
        >>> import optuna
        >>> from sartor.space import Choice
        >>> space = Space([Choice("width", (8, 16, 24), ordered=True)])
        >>> study = optuna.create_study(sampler=StrategySampler(space, "random"))
        >>> study.optimize(lambda trial: trial.suggest_categorical("width", (8, 16, 24)), 3)
        >>> sorted(trial.params["width"] for trial in study.trials)
        [8, 16, 24]
    """

    def __init__(self, space: Space, strategy: str = "predictor", seed: int = 0) -> None:
        self._space = space
        self._make = STRATEGIES[strategy]
        self._seed = seed
        self._independent = RandomSampler(seed=seed)
        self._strategy: Strategy | None = None
        self._told: set[int] = set()

    def infer_relative_search_space(
        self,
        study: "Study",  # noqa: ARG002
        trial: "FrozenTrial",  # noqa: ARG002
    ) -> "dict[str, BaseDistribution]":
        """Return the choices of the space as Optuna describes them."""
        return distributions(self._space)

    def sample_relative(
        self,
        study: "Study",
        trial: "FrozenTrial",  # noqa: ARG002
        search_space: "dict[str, BaseDistribution]",  # noqa: ARG002
    ) -> dict[str, Any]:  # Any: Optuna's own signature
        """Return the options of the design that is asked for next.

        Raises:
            OptionError: Every design was asked for.
        """
        if self._strategy is None:
            ways = {str(n): DIRECTIONS[way.name] for n, way in enumerate(study.directions)}
            self._strategy = self._make(Problem(self._space, ways), self._seed)
        fresh = self._fresh(study)
        if fresh:  # telling nothing would begin the randomness of this batch again
            self._strategy.tell(fresh)
        designs = self._strategy.ask(1)
        if not designs:
            raise OptionError(
                f"all {len(self._told)} designs of the space were asked for; stop the study."
            )
        return dict(designs[0])

    def sample_independent(
        self,
        study: "Study",
        trial: "FrozenTrial",
        param_name: str,
        param_distribution: "BaseDistribution",
    ) -> Any:  # Any: Optuna's own signature
        """Draw what is no choice of the space."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    def reseed_rng(self) -> None:
        """Draw anew what is no choice of the space: called in each worker."""
        self._independent.reseed_rng()

    def _fresh(self, study: "Study") -> Sequence[Scored]:
        """Return the trials that ended since the last call."""
        ended = (TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED)
        scored = []
        for trial in study.get_trials(deepcopy=False, states=ended):
            design = _design(self._space, trial.params)
            if trial.number not in self._told and design is not None:
                self._told.add(trial.number)
                whole = trial.state == TrialState.COMPLETE
                values = {str(n): it for n, it in enumerate(trial.values)} if whole else {}
                scored.append(Scored(design, values, trial.number))
        return scored


def _design(space: Space, params: Mapping[str, Any]) -> Design | None:  # Any: Optuna's own
    """Return the design of a trial, or None where it is not of the space."""
    names = {choice.name for choice in space.choices}
    design = Design({name: option for name, option in params.items() if name in names})
    return design if design in space else None
