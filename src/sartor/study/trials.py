"""Every trial of a search, durable at once, in an Optuna study."""

import contextlib
import gc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sartor.errors import DamagedFileError, OptionError, RunFolderError
from sartor.space import Design, Space
from sartor.study.atomic import disk_is_full
from sartor.study.records import (
    OPTUNA_DIRECTIONS,
    Trial,
    describe_space,
    distributions,
    from_optuna,
    refuse_other_space,
    to_optuna,
)
from sartor.study.silence import without_log
from sartor.units import Direction, Measurement

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

FINGERPRINT = "sartor_space_fingerprint"
CHOICES = "sartor_space_choices"
METRICS = "sartor_objectives"
WAIT_SECONDS = 60
"""How long a writer waits for others on the same SQLite file."""


class Trials:
    """Designs and what was measured of them, in an Optuna study; made by `open`.

    Optuna's dashboard and its importances see every choice as a categorical parameter (absent
    where it is not active) and every objective as a value. The study stays readable for Optuna
    without Sartor.
    """

    def __init__(
        self, study: "Study", storage: "BaseStorage", space: Space, objectives: Mapping[str, str]
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
            RunFolderError: The study there is of another space or has other objectives.
            DamagedFileError: The file is no study.
        """
        where = str(storage)
        with _quiet(where):
            backend = _storage(storage)
            study = _study(backend, name, objectives)
            _claim(study, where, space, objectives)
            return cls(study, backend, space, objectives)

    def close(self) -> None:
        """Close the connections to the storage; nothing waits to be written."""
        self._storage.remove_session()
        engine = getattr(self._storage, "engine", None)  # only databases have one
        if engine is not None:
            engine.dispose()

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
        with _quiet("the storage"), _uncollected():
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
        with _quiet("the study"), _uncollected():
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


def _storage(storage: str | Path | None) -> "BaseStorage":
    from optuna.storages import InMemoryStorage, RDBStorage

    if storage is None:
        return InMemoryStorage()
    if isinstance(storage, Path) or "://" not in storage:
        file = Path(storage).absolute()
        file.parent.mkdir(parents=True, exist_ok=True)
        # "/" of an absolute path is the fourth slash of SQLite's URL.
        storage = f"sqlite:///{file}"
    options = {"connect_args": {"timeout": WAIT_SECONDS}} if storage.startswith("sqlite") else None
    return RDBStorage(storage, engine_kwargs=options)


def _study(backend: "BaseStorage", name: str, objectives: Mapping[str, Direction]) -> "Study":
    import optuna

    directions = [OPTUNA_DIRECTIONS[way] for way in objectives.values()]
    return optuna.create_study(
        storage=backend, study_name=name, directions=directions, load_if_exists=True
    )


def _claim(study: "Study", where: str, space: Space, objectives: Mapping[str, Direction]) -> None:
    """Write into a new study what it is of, and refuse an old one that is of something else."""
    attributes = study.user_attrs
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
        study.set_user_attr(METRICS, dict(objectives))
        study.set_user_attr(CHOICES, describe_space(space))
        study.set_user_attr(FINGERPRINT, space.fingerprint)


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


@contextlib.contextmanager
def _quiet(where: str) -> Iterator[None]:
    """Silence Optuna's log; turn a broken storage into a sentence."""
    import optuna
    from sqlalchemy.exc import DatabaseError

    try:
        with without_log():
            yield
    except (optuna.exceptions.StorageInternalError, DatabaseError) as error:
        raise _explained(error, where) from error


def _explained(error: Exception, where: str) -> RunFolderError | DamagedFileError:
    cause = str(error.__cause__ or error)
    if "disk is full" in cause:
        return disk_is_full(Path(where))
    if "not a database" in cause or "malformed" in cause:
        return DamagedFileError(
            f"{where} is no study or is damaged; move it away and run the same command again."
        )
    first = cause.splitlines()[0]
    return RunFolderError(f"the study in {where} cannot be used: {first}")
