"""The run folder: one job, one process at a time, and everything that was finished."""

import json
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock

from sartor.errors import DamagedFileError, RunFolderError
from sartor.study.atomic import disk_errors, remove_leftovers, write_bytes
from sartor.study.job import read_job, refuse_other_job, write_job
from sartor.study.sealed import read_json, write_json

JOB = "job.yaml"
LOCK = ".lock"
OWNER = ".owner.json"


class RunFolder:
    """A folder in which one job keeps what it made; made by `open`, a context manager.

    What is saved here is whole or absent, whenever the process was killed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with RunFolder.open(f"{place}/run", {"minutes": 3}) as run:
        ...         run.finish_stage("survey", {"blocks": 40}, seconds=2.5)
        ...     with RunFolder.open(f"{place}/run", {"minutes": 3}) as run:
        ...         run.stage_done("survey"), run.stage_result("survey"), run.spent()
        (True, {'blocks': 40}, 2.5)
    """

    def __init__(self, path: Path, lock: filelock.BaseFileLock) -> None:
        self.path = path
        self._lock = lock
        self.resumed = False
        """The folder held this job already."""
        self.notes: list[str] = []
        """Sentences that the user should see, such as files that were damaged."""
        self._spent: dict[str, float] = {}

    @classmethod
    def open(
        cls,
        path: str | Path,
        asked: Mapping[str, object],
        extra: Mapping[str, object] | None = None,
    ) -> "RunFolder":
        """Make the folder, or go on in it, and hold it until it is closed.

        Args:
            path: The folder. It is new, empty, or holds a run that was asked for the same, or one
                that has made nothing yet: what was mistyped may be asked for again.
            asked: What the user asked for, JSON-able; what may not change when going on.
            extra: What else job.yaml shall say (seeds, fingerprints), JSON-able; written once.

        Raises:
            RunFolderError: The path is a file or a folder with something else in it, another
                process is using it, another job was asked for, or it cannot be written.
            DamagedFileError: Its job.yaml cannot be read.
        """
        path = Path(path)
        _refuse_foreign(path)
        with disk_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        folder = cls(path, _take_lock(path))
        try:
            folder._begin(asked, extra or {})
        except BaseException:
            folder.close()
            raise
        return folder

    def _begin(self, asked: Mapping[str, object], extra: Mapping[str, object]) -> None:
        remove_leftovers(self.path)
        job = self.path / JOB
        if job.exists():
            before = read_job(job)["asked"]
            try:
                refuse_other_job(self.path, before, asked)
                self.resumed = True
            except RunFolderError:
                if not _is_bare(self.path):
                    raise
        if not self.resumed:
            write_job(job, asked, extra)
        self._spent = self.load_json_or_none("stages/times") or {}

    def close(self) -> None:
        """Let go of the folder. Closing twice does nothing."""
        if self._lock.is_locked:
            (self.path / OWNER).unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def job(self) -> dict[str, Any]:  # Any: plain data of a YAML file
        """Everything that job.yaml says."""
        return read_job(self.path / JOB)

    def save_json(self, name: str, value: object) -> Path:
        """Write a JSON-able value to `<name>.json` with its checksum, in one step.

        Args:
            name: Path inside the folder, without the ending: "stages/survey".
            value: Plain data.

        Raises:
            RunFolderError: The disk is full; what was saved before is still there.
        """
        path = self._json(name)
        write_json(path, value)
        return path

    def load_json(self, name: str) -> Any:  # Any: plain data, whose shape the caller knows
        """Read what `save_json` wrote.

        Raises:
            FileNotFoundError: It was never saved.
            DamagedFileError: The content is not what was written.
        """
        return read_json(self._json(name))

    def load_json_or_none(self, name: str) -> Any:  # Any: as for load_json
        """Read what `save_json` wrote, or None where it is missing or damaged.

        A damaged file is named in `notes`, and what it held can be made anew.
        """
        try:
            return self.load_json(name)
        except FileNotFoundError:
            return None
        except DamagedFileError:
            note = f"{self._json(name)} is damaged; what it held is made anew."
            if note not in self.notes:
                self.notes.append(note)
            return None

    def stage_done(self, name: str) -> bool:
        """Tell whether a stage was finished and its result can be read."""
        return self.load_json_or_none(_stage(name)) is not None

    def stage_result(self, name: str) -> Any:  # Any: plain data, whose shape the stage knows
        """Return what `finish_stage` was given.

        Raises:
            FileNotFoundError: The stage was not finished.
            DamagedFileError: Its record is not what was written.
        """
        return self.load_json(_stage(name))["result"]

    def finish_stage(self, name: str, result: object, seconds: float) -> None:
        """Record that a stage is done, so that it is skipped from now on.

        Args:
            name: Lower-case name of the stage.
            result: What it made, JSON-able.
            seconds: Time since it began or since the last `spend`, whichever is later.
        """
        self.spend(name, seconds)
        self.save_json(_stage(name), {"result": result})

    def spend(self, name: str, seconds: float) -> None:
        """Add to the time of a stage that is under way, so that a budget outlives a kill."""
        self._spent[name] = self._spent.get(name, 0.0) + seconds
        self.save_json("stages/times", self._spent)

    def spent(self, name: str | None = None) -> float:
        """Return the seconds spent on a stage, or on all, by this and all earlier processes."""
        return sum(self._spent.values()) if name is None else self._spent.get(name, 0.0)

    def stage_seconds(self) -> dict[str, float]:
        """Return the seconds spent on every stage, in the order in which they began."""
        return dict(self._spent)

    def _json(self, name: str) -> Path:
        assert re.fullmatch(r"[\w-]+(/[\w-]+)*", name), f"{name!r} does not name a file inside"
        return self.path / f"{name}.json"


def _stage(name: str) -> str:
    return f"stages/{name}"


def _refuse_foreign(path: Path) -> None:
    """Refuse a path that holds something other than a run."""
    if path.is_dir():
        # A run that was killed before it wrote job.yaml left only names with a dot.
        names = [entry.name for entry in path.iterdir()]
        if JOB in names or all(name.startswith(".") for name in names):
            return
        raise RunFolderError(
            f"{path} is a folder with other things in it ({min(names)}, ...) and no run; "
            "give a new or an empty folder with --out."
        )
    for existing in (path, *path.parents):
        if existing.exists():
            if not existing.is_dir():
                raise RunFolderError(f"{existing} is a file; give a folder with --out.")
            return


def _is_bare(path: Path) -> bool:
    """Tell whether a run has made nothing but its job.yaml."""
    names = (entry.name for entry in path.iterdir())
    return all(name == JOB or name.startswith(".") for name in names)


def _take_lock(path: Path) -> filelock.BaseFileLock:
    lock = filelock.FileLock(path / LOCK, timeout=0)
    with disk_errors(path):
        try:
            lock.acquire()
        except filelock.Timeout:
            raise RunFolderError(
                f"{path} is in use by {_owner(path)}. Wait until that one has ended or stop it, "
                "or give another folder with --out."
            ) from None
    owner = {"pid": os.getpid(), "host": socket.gethostname()}
    try:
        write_bytes(path / OWNER, json.dumps(owner).encode())
    except BaseException:
        lock.release()
        raise
    return lock


def _owner(path: Path) -> str:
    try:
        owner = json.loads((path / OWNER).read_bytes())
        pid, host = int(owner["pid"]), str(owner["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
    if host != socket.gethostname():
        return f"process {pid} on {host}"
    return "this process itself" if pid == os.getpid() else f"process {pid}"
