"""Every trial of a search, durable at once, in an Optuna study."""

import contextlib
import gc
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sartor.errors import (
    OptionError,
    RunFolderError,
    did_you_mean,
)
from sartor.space import Design, Space
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
from sartor.units import Direction, Limit, Measurement

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

FINGERPRINT = "sartor_space_fingerprint"
CHOICES = "sartor_space_choices"
METRICS = "sartor_objectives"
LIMITS = "sartor_limits"
FORMAT, NOW = "sartor_format", 1
"""Of what is written here; another one is refused."""


class Trials:
    """Designs and what was measured of them, in an Optuna study; made by `open`.

    Optuna's dashboard and its importances see every choice as a categorical parameter (absent
    where it is not active) and every objective as a value. The study stays readable for Optuna
    without Sartor.
    """

    def __init__(
        self,
        study: "Study",
        storage: "BaseStorage",
        space: Space,
        objectives: Mapping[str, Direction],
    ) -> None:
        self.space = space
        self.objectives = dict(objectives)
        self._study = study
        self._storage = storage
        self._distributions = distributions(space)
        self._trials: list[Trial] = []
        self._by_design: dict[Design, int] = {}
        self._seen = 0
        self.refresh()

    @classmethod
    def open(
        cls,
        storage: str | Path | None,
        space: Space,
        objectives: Mapping[str, Direction],
        *,
        name: str = "sartor",
    ) -> "Trials":
        """Begin a study or go on with it.

        Args:
            storage: A file of SQLite (a path), any database that Optuna reads (a URL such as
                `postgresql://...`), or None to keep the trials in memory.
            space: Of which all designs are.
            objectives: What is sought, by metric: "max" or "min".
            name: Of the study in its storage.

        Raises:
            RunFolderError: The study there is of another space or another version, or has other
                objectives.
            DamagedFileError: The file is no study.
            OptionError: The URL is none of a database.
            MissingExtraError: The driver of the database is not installed.
        """
        where = "memory" if storage is None else shown_storage(storage)
        with explaining(where):
            backend = open_storage(storage)
            study = _study(backend, name, objectives)
            _claim(study, where, space, objectives)
            return cls(study, backend, space, objectives)

    @classmethod
    def read(cls, storage: str | Path, *, name: str = "sartor") -> "Trials":
        """Open a study that is there, of whatever space it is; this writes nothing.

        Args:
            storage: As for `open`.
            name: Of the study in its storage.

        Raises:
            RunFolderError: There is no such file, or no study of that name that Sartor wrote.
            DamagedFileError: The file is no study.
            OptionError: The URL is none of a database.
            MissingExtraError: The driver of the database is not installed.
        """
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

    def close(self) -> None:
        """Close the connections to the storage; nothing waits to be written."""
        disconnect(self._storage)

    @property
    def limits(self) -> tuple[Limit, ...] | None:
        """Return the limits that were last recorded, None where none ever were."""
        with explaining("the study"):
            written = self._study.user_attrs.get(LIMITS)
        return None if written is None else tuple(Limit(*it) for it in written)

    def record_limits(self, limits: Iterable[Limit]) -> None:
        """Write down which limits designs shall keep, for those who read the study later.

        Raises:
            RunFolderError: The disk is full.
        """
        written = [[it.metric, it.bound, it.direction] for it in limits]
        with explaining("the study"):
            if self._study.user_attrs.get(LIMITS) != written:
                self._study.set_user_attr(LIMITS, written)

    def __len__(self) -> int:
        return len(self._by_design)

    def __contains__(self, design: object) -> bool:
        return design in self._by_design

    def get(self, design: Design) -> Trial | None:
        """Return the trial of a design, or None where there is none."""
        position = self._by_design.get(design)
        return None if position is None else self._trials[position]

    def all(self) -> tuple[Trial, ...]:
        """Return the trials in the order in which they were added, one per design."""
        return tuple(self._trials[position] for position in sorted(self._by_design.values()))

    def add(
        self,
        design: Design,
        measurements: Mapping[str, Measurement],
        *,
        origin: str,
        batch: int = 0,
    ) -> Trial:
        """Record what was measured of a design; it is on the disk when this returns.

        A design that was measured before keeps its first trial, so that none counts twice.

        Args:
            design: Of the study's space.
            measurements: At least one per objective, none of those NaN.
            origin: Who asked for it: "search", "random".
            batch: Batch of its origin, from 0.

        Raises:
            OptionError: An objective was not measured, or the design is not of the space.
            RunFolderError: The disk is full.
        """
        for metric in self.objectives:
            value = measurements[metric].value if metric in measurements else None
            if value is None or value != value:
                listing = ", ".join(measurements) or "nothing"
                raise OptionError(
                    f"design {design.id} has {'no' if value is None else 'NaN as'} {metric}, "
                    f"which is an objective; measured: {listing}."
                )
        return self._record(Trial(-1, design, dict(measurements), origin, batch))

    def fail(self, design: Design, reason: str, *, origin: str, batch: int = 0) -> Trial:
        """Record that a design could not be evaluated, and why; it may be tried again later.

        Raises:
            OptionError: The design is not of the space.
            RunFolderError: The disk is full.
        """
        return self._record(Trial(-1, design, {}, origin, batch, "failed", reason))

    def refresh(self) -> None:
        """Read what other processes have added to the study since."""
        with explaining("the storage"), _uncollected():
            frozen = self._study.get_trials(deepcopy=False)
        for item in frozen[self._seen :]:
            trial = from_optuna(item)
            if trial is not None:
                self._keep(trial)
        self._seen = len(frozen)

    def _record(self, trial: Trial) -> Trial:
        known = self.get(trial.design)
        if known is not None and (known.state == "done" or trial.state == "failed"):
            return known
        self.space.check(trial.design)
        with explaining("the study"), _uncollected():
            self._study.add_trial(to_optuna(trial, self.objectives, self._distributions))
        self.refresh()
        kept = self.get(trial.design)
        assert kept is not None, "a trial that was added is not in the study"
        return kept

    def _keep(self, trial: Trial) -> None:
        known = self.get(trial.design)
        self._trials.append(trial)
        if known is None or (known.state == "failed" and trial.state == "done"):
            self._by_design[trial.design] = len(self._trials) - 1


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
