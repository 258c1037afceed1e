"""Trials in an Optuna study, durable at once."""

import contextlib
import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sartor.errors import RunFolderError, did_you_mean
from sartor.space import Space
from sartor.study.records import (
    OPTUNA_DIRECTIONS,
    Trial,
    describe_space,
    distributions,
    from_optuna,
    read_space,
    refuse_other_space,
    to_optuna,
)
from sartor.study.storages import (
    disconnect,
    explaining,
    open_storage,
    refuse_missing,
    shown_storage,
)
from sartor.units import Direction, Limit

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

FINGERPRINT = "sartor_space_fingerprint"
CHOICES = "sartor_space_choices"
METRICS = "sartor_objectives"
LIMITS = "sartor_limits"
FORMAT, NOW = "sartor_format", 1
"""Of what is written here; another one is refused."""


class Database:
    """A ledger in any storage that Optuna reads; made by `open` and `read`. See `Ledger`.

    Optuna's dashboard and its importances see every choice as a categorical parameter (absent
    where it is not active) and every objective as a value. The study stays readable for Optuna
    without Sartor.

    Optuna keeps a copy of every trial that it reads, several times as large as ours, so that trials
    are written past that, and it reads only where other processes have written too.
    """

    def __init__(
        self,
        study: "Study",
        storage: "BaseStorage",
        space: Space,
        objectives: Mapping[str, Direction],
    ) -> None:
        self.space, self.objectives = space, dict(objectives)
        self._study, self._storage = study, storage
        self._id = storage.get_study_id_from_name(study.study_name)
        self._distributions = distributions(space)
        self._seen = 0

    @classmethod
    def open(
        cls, storage: str | Path, space: Space, objectives: Mapping[str, Direction], name: str
    ) -> "Database":
        """Begin a study or go on with it; see `Trials.open`."""
        where = shown_storage(storage)
        with explaining(where):
            backend = open_storage(storage)
            study = _study(backend, name, objectives)
            _claim(study, where, space, objectives)
            return cls(study, backend, space, objectives)

    @classmethod
    def read(cls, storage: str | Path, name: str) -> "Database":
        """Open a study that is there; see `Trials.read`."""
        where = shown_storage(storage)
        refuse_missing(storage)
        with explaining(where):
            backend = open_storage(storage, make=False)
            try:
                study = _written_study(backend, where, name)
                attributes = study.user_attrs
                _refuse_other_format(where, attributes)
                space = read_space(where, attributes[CHOICES], attributes[FINGERPRINT])
                return cls(study, backend, space, attributes[METRICS])
            except BaseException:
                disconnect(backend)
                raise

    @property
    def limits(self) -> tuple[Limit, ...] | None:
        """The limits that were last recorded; see `Ledger`."""
        with explaining("the study"):
            written = self._study.user_attrs.get(LIMITS)
        return None if written is None else tuple(Limit(*it) for it in written)

    def record_limits(self, limits: Sequence[Limit]) -> None:
        """Write down limits; see `Ledger`."""
        written = [[it.metric, it.bound, it.direction] for it in limits]
        with explaining("the study"):
            if self._study.user_attrs.get(LIMITS) != written:
                self._study.set_user_attr(LIMITS, written)

    def add(self, trial: Trial) -> list[Trial]:
        """Write a trial; see `Ledger`."""
        with explaining("the study"):
            frozen = to_optuna(trial, self.objectives, self._distributions)
            added = self._storage.create_new_trial(self._id, template_trial=frozen)
            number = self._storage.get_trial_number_from_id(added)
        if number > self._seen:
            return self.news()
        self._seen += 1
        return [replace(trial, number=number)]

    def news(self) -> list[Trial]:
        """Read what was not returned before; see `Ledger`."""
        with explaining("the storage"), _uncollected():
            if self._seen:
                frozen = self._study.get_trials(deepcopy=False)
            else:
                frozen = self._storage.get_all_trials(self._id, deepcopy=False)
        read = [from_optuna(it) for it in frozen[self._seen :]]
        self._seen = len(frozen)
        return [it for it in read if it is not None]

    def close(self) -> None:
        """Close the connections to the storage; see `Ledger`."""
        disconnect(self._storage)


def _written_study(backend: "BaseStorage", where: str, name: str) -> "Study":
    """Return a study of Sartor's, and refuse others."""
    import optuna

    there = {
        it.study_name: it.user_attrs
        for it in optuna.get_all_study_summaries(backend, include_best_trial=False)
    }
    ours = [it for it, attributes in there.items() if FINGERPRINT in attributes]
    if name not in ours:
        kind = "has other studies of Optuna's" if there else "has no study"
        listing = f"known: {', '.join(ours)}." if ours else f"it {kind}, and none of Sartor's."
        raise RunFolderError(
            f"{where} holds no study called {name!r} that Sartor wrote; {listing}"
            f"{did_you_mean(name, ours)}"
        )
    return optuna.load_study(study_name=name, storage=backend)


def _study(backend: "BaseStorage", name: str, objectives: Mapping[str, Direction]) -> "Study":
    import optuna

    directions = [OPTUNA_DIRECTIONS[way] for way in objectives.values()]
    return optuna.create_study(
        storage=backend, study_name=name, directions=directions, load_if_exists=True
    )


def _claim(study: "Study", where: str, space: Space, objectives: Mapping[str, Direction]) -> None:
    """Write into a new study what it is of, and refuse an old one that is of something else."""
    attributes = study.user_attrs
    if FINGERPRINT in attributes:
        _refuse_other_format(where, attributes)
    if METRICS in attributes and attributes[METRICS] != dict(objectives):
        raise RunFolderError(
            f"the study in {where} has the objectives {_list(attributes[METRICS])}, not "
            f"{_list(objectives)}; ask for the same, or begin a new study."
        )
    if attributes.get(FINGERPRINT, space.fingerprint) != space.fingerprint:
        refuse_other_space(where, attributes[CHOICES], space)
    if FINGERPRINT not in attributes:
        # The fingerprint comes last: where it stands, the rest does, even after a kill.
        study.set_metric_names(list(objectives))
        study.set_user_attr(FORMAT, NOW)
        study.set_user_attr(METRICS, dict(objectives))
        study.set_user_attr(CHOICES, describe_space(space))
        study.set_user_attr(FINGERPRINT, space.fingerprint)


def _refuse_other_format(where: str, attributes: Mapping[str, object]) -> None:
    if attributes.get(FORMAT) != NOW:
        raise RunFolderError(
            f"the study in {where} has format {attributes.get(FORMAT, 0)}, and this version of "
            f"Sartor reads {NOW}; use the version it was begun with, or begin a new study."
        )


def _list(objectives: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({way})" for name, way in objectives.items())


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Pause Python's collector of cycles.

    Reading 1,000 trials of 98 choices makes 10^5 rows at once, over which it would run again and
    again: 1.3 s instead of 3.4 s (SQLite, one core).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
