"""Measurements: one after the other, each in a process of its own, kept until they are fetched."""

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sartor_agent.checking import Checker
from sartor_agent.errors import MeasurementError
from sartor_agent.process import Process
from sartor_agent.server import messages
from sartor_agent.server.programs import Programs
from sartor_agent.server.refusals import MISSING, Refusal
from sartor_agent.server.settings import Settings

VERSION = 1
"""Of the files that keep results."""
LOG = logging.getLogger(__name__)
State = Literal["waiting", "running", "done", "failed", "lost"]
"""`failed`: the program's fault. `lost`: not the program's fault; measure it again."""
ENDED: tuple[State, ...] = ("done", "failed", "lost")


@dataclass(slots=True)
class Job:
    """A measurement that was asked for."""

    id: str
    lease: str
    digest: str
    """Of what was asked, so that the same id cannot mean two things."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """What the worker reads, with paths."""
    labels: Mapping[Path, str] = field(default_factory=dict)
    """What the client calls the files."""
    names: tuple[str, ...] = ()
    patience_s: float = 0.0
    state: State = "waiting"
    answer: Any = None  # Any: the worker's JSON
    error: str = ""
    ended: float = 0.0
    """Seconds of the monotonic clock: many boards learn the date some time after they start."""

    def to_json(self) -> dict[str, Any]:
        """Return what the client is told."""
        return {"job": self.id, "state": self.state, "answer": self.answer, "error": self.error}


class Jobs:
    """The queue of a device and its results. Safe from any thread.

    Results are on the disk before anybody is told, so that they outlive the agent. What was
    waiting or running when the agent ended is not known any more: its client repeats it.
    """

    def __init__(self, settings: Settings, programs: Programs) -> None:
        self._settings = settings
        self._programs = programs
        self._folder = settings.folder / "jobs"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._changed = threading.Condition()
        self._device = threading.Lock()
        """Held while a process runs: nothing is measured beside anything else."""
        self._checker = Checker(settings.worker, settings.most_bytes)
        self._current: tuple[Job, Process] | None = None
        self._closed = False
        self._jobs = {job.id: job for job in self._read_back()}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, lease: str, job_id: str, asked: messages.Job) -> Job:
        """Ask for a measurement; the same id asks again for the same one.

        Raises:
            Refusal: Programs are missing, the job is too long, the queue is full, or the id
                stands for something else.
        """
        digest = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
        with self._changed:
            self._forget_old()
            if (known := self._jobs.get(job_id)) is not None:
                if known.digest != digest:
                    raise Refusal(422, "this number stands for another job; draw a new one.")
                return known
            self._refuse_too_much(asked)
            job = self._job(lease, job_id, digest, asked)
            self._jobs[job_id] = job
            self._changed.notify_all()
            return job

    def wait(self, job_id: str, seconds: float) -> Job:
        """Return a job as soon as it has ended, or after `seconds` as it is.

        Raises:
            Refusal: There is no such job.
        """
        with self._changed:
            job = self._known(job_id)
            self._changed.wait_for(lambda: job.state in ENDED or self._closed, seconds)
            return job

    def remove(self, job_id: str) -> None:
        """Stop a job and forget its result.

        Raises:
            Refusal: There is no such job.
        """
        with self._changed:
            job = self._known(job_id)
            self._end(job, "lost", error="it was removed")
            self._forget(job)

    def lose(self, lease: str, reason: str) -> None:
        """Stop what waits or runs for a lease; results stay."""
        with self._changed:
            for job in self._jobs.values():
                if job.lease == lease:
                    self._end(job, "lost", error=reason)

    def used(self) -> set[Path]:
        """Return the files of jobs that have not ended."""
        with self._changed:
            return {it for job in self._jobs.values() if job.state not in ENDED
                    for it in job.labels}  # fmt: skip

    def check(self, file: Path) -> str:
        """Return the ending that belongs to an uploaded file, found in a process of its own.

        Raises:
            Refusal: It is no self-contained model.
        """
        with self._device:
            try:
                return self._checker.check(file)
            except MeasurementError as error:
                reason = str(error).replace(str(file), "it")
                raise Refusal(422, f"the program is refused: {reason}") from error

    def close(self) -> None:
        """Stop everything."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                self._end(job, "lost", error="the agent was stopped")
            self._changed.notify_all()
        self._thread.join()
        self._checker.rest()

    def _known(self, job_id: str) -> Job:
        if (job := self._jobs.get(job_id)) is None:
            raise Refusal(
                404,
                "the agent knows no such job: it was started anew while the job ran, or the "
                "result is too old; measure again.",
            )
        return job

    def _refuse_too_much(self, asked: messages.Job) -> None:
        if asked.patience_s > self._settings.job_s:
            raise Refusal(
                422,
                f"the job may take {asked.patience_s:.0f} s; this agent allows "
                f"{self._settings.job_s:.0f} s. Time fewer files at once, or for a shorter time.",
            )
        waiting = sum(job.state == "waiting" for job in self._jobs.values())
        if waiting >= self._settings.waiting_jobs:
            raise Refusal(503, f"{waiting} jobs wait already; wait until one of them has ended.")

    def _job(self, lease: str, job_id: str, digest: str, asked: messages.Job) -> Job:
        """Find the programs of a job."""
        named = asked.request.programs()
        found = {it.program: self._programs.find(it.program) for it in named.values()}
        missing = sorted(program for program, file in found.items() if file is None)
        if missing:
            raise Refusal(MISSING, "programs have to be uploaded first.", missing=missing)
        paths = {program: file for program, file in found.items() if file is not None}
        request = asked.request.to_request(paths)
        most = asked.request.most_bytes or self._settings.most_bytes
        request["most_bytes"] = min(most, self._settings.most_bytes)
        labels = {paths[it.program]: it.label for it in named.values()}
        return Job(job_id, lease, digest, request, labels, tuple(named), asked.patience_s)

    def _run(self) -> None:
        """Measure job after job."""
        while (job := self._next()) is not None:
            with self._device:
                self._measure(job)

    def _next(self) -> Job | None:
        """Wait for a job; nothing once the agent is closed."""
        with self._changed:
            while not self._closed:
                for job in self._jobs.values():  # in the order in which they were asked for
                    if job.state == "waiting":
                        return job
                self._changed.wait()
        return None

    def _measure(self, job: Job) -> None:
        """Run a job's process and keep what it found."""
        with self._changed:
            if job.state != "waiting":
                return
            if not all(file.exists() for file in job.labels):
                self._end(job, "lost", error="its programs made room for others")
                return
            self._checker.rest()
            try:
                process = Process(self._settings.worker)
            except OSError as error:
                self._end(job, "lost", error=f"the device cannot start a process: {error}")
                return
            job.state = "running"
            self._current = job, process
        _offer_first(process.pid)
        try:
            answer = process.answer(job.request, job.patience_s, job.names)
        except MeasurementError as error:
            sentence = str(error)
            for file, label in job.labels.items():
                sentence = sentence.replace(str(file), label)
            self._end(job, "failed", error=sentence)
        else:
            self._end(job, "done", answer=answer)
        finally:
            with self._changed:
                self._current = None

    def _end(self, job: Job, state: State, *, answer: Any = None, error: str = "") -> None:
        """Give a job its end, once, and stop its process if it runs."""
        with self._changed:
            if job.state in ENDED:
                return
            job.answer, job.error, job.ended = answer, error, time.monotonic()
            if state != "lost":
                self._write(job, state)
            job.state = state
            if self._current is not None and self._current[0] is job and state == "lost":
                self._current[1].kill()
            self._changed.notify_all()

    def _write(self, job: Job, state: State) -> None:
        """Keep a result on the disk."""
        record = {"version": VERSION, "digest": job.digest} | job.to_json() | {"state": state}
        temporary = self._folder / f"{job.id}.part"
        try:
            with temporary.open("w", encoding="utf-8") as opened:
                json.dump(record, opened)
                opened.flush()
                os.fsync(opened.fileno())
            temporary.replace(self._folder / f"{job.id}.json")
        except OSError as error:
            # The client still gets it from memory; only a restart would lose it.
            LOG.warning("a result cannot be kept on the disk: %s", error)

    def _read_back(self) -> list[Job]:
        """Read the results of an earlier agent, and remove what was cut off."""
        jobs = []
        for file in sorted(self._folder.iterdir(), key=lambda it: it.stat().st_mtime_ns):
            try:
                kept = json.loads(file.read_text("utf-8")) if file.suffix == ".json" else {}
            except ValueError:
                kept = {}
            if not isinstance(kept, dict) or kept.get("version") != VERSION:
                file.unlink()
                continue
            jobs.append(
                Job(kept["job"], "", kept["digest"], state=kept["state"], answer=kept["answer"],
                    error=kept["error"], ended=time.monotonic())
            )  # fmt: skip
        return jobs

    def _forget_old(self) -> None:
        """Forget results that nobody fetched."""
        ended = [job for job in self._jobs.values() if job.state in ENDED]
        ended.sort(key=lambda job: job.ended)
        oldest = time.monotonic() - self._settings.result_s
        surplus = len(ended) - self._settings.results
        for place, job in enumerate(ended):
            if place < surplus or job.ended < oldest:
                self._forget(job)

    def _forget(self, job: Job) -> None:
        del self._jobs[job.id]
        (self._folder / f"{job.id}.json").unlink(missing_ok=True)


def _offer_first(pid: int) -> None:
    """Let the system end this process before the agent when memory runs out."""
    # No Linux, or the process has ended already.
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
