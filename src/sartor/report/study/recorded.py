"""A study as it stands in its storage."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sartor.errors import OptionError, RunFolderError
from sartor.search import Problem, Study
from sartor.study import Trial, Trials, shown_storage
from sartor.units import Limit

Numbers = npt.NDArray[np.float64]
RANDOM = "random"
"""Origin of designs that were drawn to compare with."""


@dataclass(frozen=True)
class Recorded:
    """A study, where it stands, and what is known of its limits."""

    where: str
    study: Study
    limits_known: bool
    """They were recorded or given; else there may have been some that nobody wrote down."""

    @property
    def problem(self) -> Problem:
        """The space, the objectives and the limits."""
        return self.study.problem

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that are sought, in their order."""
        return tuple(self.problem.objectives)

    @cached_property
    def front(self) -> tuple[Trial, ...]:
        """The front, the best in the first objective first."""
        sign = 1.0 if self.problem.directions[0] == "min" else -1.0
        return tuple(sorted(self.study.front, key=lambda it: sign * it.value(self.objectives[0])))

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """Who asked for designs, in the order in which they began; random draws last."""
        names = dict.fromkeys(trial.origin for trial in self.study.trials)
        return tuple(sorted(names, key=lambda it: it == RANDOM))

    def of(self, *origins: str) -> tuple[Trial, ...]:
        """Return the trials of some origins, in their order."""
        return tuple(trial for trial in self.study.trials if trial.origin in origins)

    def values(self, trials: Sequence[Trial]) -> Numbers:
        """Return the objectives of trials, (n, m)."""
        rows = [[trial.value(name) for name in self.objectives] for trial in trials]
        return np.array(rows, float).reshape(len(rows), len(self.objectives))

    @cached_property
    def worst(self) -> Numbers:
        """The worst value of every objective among all trials that gave numbers, (m,)."""
        return self._ends[0]

    @cached_property
    def best(self) -> Numbers:
        """The best value of every objective among all trials that gave numbers, (m,)."""
        return self._ends[1]

    @cached_property
    def kept(self) -> frozenset[int]:
        """The numbers of the trials that keep the limits, as far as these were measured."""
        return frozenset(trial.number for trial in self.study.kept)

    @property
    def _ends(self) -> tuple[Numbers, Numbers]:
        values = self.values(self.study.done)
        low, high = values.min(axis=0), values.max(axis=0)
        least = np.array([way == "min" for way in self.problem.directions])
        return np.where(least, high, low), np.where(least, low, high)


def spread(count: int, most: int) -> list[int]:
    """Return the positions of up to `most` of so many trials, evenly spread over them.

    Example:
        >>> spread(3, 5), spread(9, 3)
        ([0, 1, 2], [0, 4, 8])
    """
    return [int(at) for at in np.linspace(0, count - 1, min(count, most))]


def read_study(
    storage: Path | str, *, limits: tuple[Limit, ...] | None = None, name: str = "sartor"
) -> Recorded:
    """Read a study of whatever space it is.

    Args:
        storage: A file of SQLite or an Optuna URL.
        limits: Instead of those that the study holds.
        name: Of the study in its storage.

    Raises:
        RunFolderError: There is no such study, or it holds no trial.
        DamagedFileError: The file is no study.
        OptionError: The URL is none, or no trial says anything of a limit.
    """
    with closing(Trials.read(storage, name=name)) as trials:
        known, there = trials.limits if limits is None else limits, trials.all()
        problem = Problem(trials.space, trials.objectives, known or ())
    where = shown_storage(storage)
    if not there:
        raise RunFolderError(
            f"the study in {where} holds no trial yet; run the search first, and report on it then."
        )
    study = Study(problem, there, {}, False)
    if limits:
        _refuse_unmeasured(where, study, limits)
    return Recorded(where, study, known is not None)


def _refuse_unmeasured(where: str, study: Study, limits: Sequence[Limit]) -> None:
    """Refuse a limit of which no trial says whether it is kept."""
    measured = dict.fromkeys(name for trial in study.done for name in trial.measurements)
    for limit in limits:
        if study.done and limit.metric not in measured:
            raise OptionError(
                f"there is a limit on {limit.metric}, but the trials in {where} hold "
                f"{', '.join(measured)}; give a limit on one of these."
            )
