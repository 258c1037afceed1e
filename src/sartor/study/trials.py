"""Every trial of a search, durable at once."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sartor.errors import OptionError
from sartor.space import Design, Space
from sartor.study.database import Database
from sartor.study.ledger import Ledger, Memory
from sartor.study.records import Trial
from sartor.units import Direction, Limit, Measurement


class Trials:
    """Designs and what was measured of them, as it is written in a ledger; made by `open`."""

    def __init__(self, ledger: Ledger, space: Space, objectives: Mapping[str, Direction]) -> None:
        self.space = space
        self.objectives = dict(objectives)
        self._ledger = ledger
        self._trials: list[Trial] = []
        self._by_design: dict[Design, int] = {}
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
        if storage is None:
            return cls(Memory(), space, objectives)
        return cls(Database.open(storage, space, objectives, name), space, objectives)

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
        found = Database.read(storage, name)
        return cls(found, found.space, found.objectives)

    def close(self) -> None:
        """Close the connections to the storage; nothing waits to be written."""
        self._ledger.close()

    @property
    def limits(self) -> tuple[Limit, ...] | None:
        """Return the limits that were last recorded, None where none ever were."""
        return self._ledger.limits

    def record_limits(self, limits: Iterable[Limit]) -> None:
        """Write down which limits designs shall keep, for those who read the study later.

        Raises:
            RunFolderError: The disk is full.
        """
        self._ledger.record_limits(tuple(limits))

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
        for trial in self._ledger.news():
            self._keep(trial)

    def _record(self, trial: Trial) -> Trial:
        known = self.get(trial.design)
        if known is not None and (known.state == "done" or trial.state == "failed"):
            return known
        self.space.check(trial.design)
        for new in self._ledger.add(trial):
            self._keep(new)
        kept = self.get(trial.design)
        assert kept is not None, "a trial that was added is not in the study"
        return kept

    def _keep(self, trial: Trial) -> None:
        known = self.get(trial.design)
        self._trials.append(trial)
        if known is None or (known.state == "failed" and trial.state == "done"):
            self._by_design[trial.design] = len(self._trials) - 1
