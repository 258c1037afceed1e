"""A device that runs `sartor-agent`, used as this machine is."""

import contextlib
import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sartor.errors import BoardError, MeasurementError
from sartor.targets.remote.connection import FIRST_S, Connection, Reply
from sartor.targets.remote.lease import Lease
from sartor_agent import fresh
from sartor_agent.energy import Energy, NotAvailable, measure_energy
from sartor_agent.fresh import Inspection, Protocol, Report, TimedFile
from sartor_agent.process import START
from sartor_agent.program import Capabilities
from sartor_agent.timings import Timing

INTERFACE = 1
"""Version of the agent's interface that is spoken here."""
WAIT_S = 10
"""Seconds that a request waits for a result."""
ROUNDS = 20
"""Requests for one job until it is taken: uploads, leases anew."""
Json = dict[str, Any]  # Any: plain data


class Board:
    """A device that is reached over the network. Used by one thread at a time.

    `time_files` and `inspect_file` do there what `sartor_agent.fresh` does here, and give the same
    results. A cut connection, a lost lease and an agent that is started anew only cost time: what
    was measured is fetched, and what was lost is measured again.

    Args:
        connection: To the agent, which is asked at once what it is.
        name: By which a user knows it; by default its address.
        held: What is closed with it.

    Raises:
        BoardError: It cannot be reached, refuses the token, or speaks another version.
    """

    def __init__(
        self, connection: Connection, *, name: str | None = None,
        held: contextlib.ExitStack | None = None,
    ) -> None:  # fmt: skip
        self.name = name or connection.url
        self._connection = connection
        self._held = held or contextlib.ExitStack()
        self._held.callback(connection.close)
        self._lease: Lease | None = None
        try:
            seconds = min(FIRST_S, connection.patience.reach_s)
            self._facts = self._expect(connection.send("GET", "/device", seconds=seconds), 200)
            if self._facts.get("interface") != INTERFACE:
                raise BoardError(
                    f"{self.name} speaks version {self._facts.get('interface')} of the interface; "
                    f"here it is {INTERFACE}. Install sartor-agent there of the same release."
                )
        except BoardError:
            self.close()
            raise

    @property
    def runtimes(self) -> Mapping[str, Capabilities]:
        """What each runtime of the board can do, by name."""
        return {
            name: Capabilities(
                tuple(it["formats"]),
                tuple(it["float_precisions"]),
                bool(it["profiles"]),
                it["device"],
            )
            for name, it in self._facts["runtimes"].items()
        }

    @property
    def cores(self) -> int:
        """Cores that the agent may use."""
        return int(self._facts["fingerprint"]["cores"])

    @property
    def memory_bytes(self) -> int:
        """Memory of the board."""
        return int(self._facts["memory_bytes"])

    def fingerprint(self, threads: int) -> dict[str, str | int]:
        """Return what measurements depend on; they hold for equal fingerprints.

        Args:
            threads: Of one call.
        """
        return dict(self._facts["fingerprint"]) | {"threads": threads}

    def time_files(
        self,
        files: Mapping[str, TimedFile],
        how: Protocol | None = None,
        report: Report | None = None,
    ) -> dict[str, Timing]:
        """Time files in turn on the board; see `sartor_agent.fresh.time_files`.

        Raises:
            MeasurementError: A process crashed or did not end in time.
            BoardError: The board cannot be reached, or another client keeps it.
        """
        with self.lease():
            return fresh.time_files(files, how, report, ask=self.ask)

    def inspect_file(
        self, it: TimedFile, how: Protocol | None = None, *, calls: int = 0
    ) -> Inspection:
        """Compile and run a file on the board; see `sartor_agent.fresh.inspect_file`.

        Raises:
            MeasurementError: The process crashed or did not end in time.
            BoardError: The board cannot be reached, or another client keeps it.
        """
        with self.lease():
            return fresh.inspect_file(it, how, calls=calls, ask=self.ask)

    def ask(
        self, request: Mapping[str, Any], patience: float, files: Sequence[str], _: str
    ) -> Json:
        """Let the board answer what a fresh process is asked; see `sartor_agent.process.ask`.

        Args:
            request: Plain data; files are uploaded where the board lacks them.
            patience: Seconds until the process is stopped over there.
            files: What it measures, for messages.
            _: The worker's module, which the agent decides.

        Raises:
            MeasurementError: The process crashed or did not end in time.
            BoardError: The board cannot be reached, or another client keeps it.
        """
        with self.lease():
            return self._answer(request, patience, files)

    def measure_energy(self, it: TimedFile, how: Protocol | None = None) -> Energy | NotAvailable:
        """Measure the joules of a call on the board; see `sartor_agent.energy.measure_energy`.

        Raises:
            MeasurementError: The process crashed or did not end in time, or a provider failed.
            BoardError: The board cannot be reached, or another client keeps it.
        """
        with self.lease():
            return measure_energy(it, how, ask=self.ask)

    @contextlib.contextmanager
    def lease(self) -> Iterator[None]:
        """Keep the board over several measurements; each one alone takes it and gives it back.

        Raises:
            BoardError: The board cannot be reached, or another client keeps it.
        """
        if self._lease is not None:
            yield
            return
        with Lease(self._connection) as self._lease:
            try:
                yield
            finally:
                self._lease = None

    def close(self) -> None:
        """End the connection, and the agent if it was started with it."""
        self._held.close()

    def __enter__(self) -> Self:
        """Return the board."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _answer(self, request: Mapping[str, Any], patience: float, files: Sequence[str]) -> Json:
        """Repeat a measurement until it has an end that counts."""
        paths: dict[str, Path] = {}
        body = {"request": _wire(dict(request), paths), "patience_s": patience}
        reason = "it was never taken."
        for _attempt in range(self._connection.patience.repeats):
            job = secrets.token_hex(16)
            self._submit(job, body, paths, files)
            found = self._outcome(job, patience)
            if found["state"] in ("done", "failed"):
                self._connection.send("DELETE", f"/jobs/{job}")
            if found["state"] == "done":
                return dict(found["answer"])
            if found["state"] == "failed":
                raise MeasurementError(f"on {self.name}: {found['error']}")
            reason = found["error"]
        raise BoardError(
            f"{self.name} lost the same measurement {self._connection.patience.repeats} times; "
            f"see its log. The last time: {reason}"
        )

    def _submit(
        self, job: str, body: Json, paths: Mapping[str, Path], files: Sequence[str]
    ) -> None:
        """Give a job to the board, with the programs that it lacks."""
        assert self._lease is not None
        for _ in range(ROUNDS):
            reply = self._connection.send("PUT", f"{self._lease.path}/jobs/{job}", json=body)
            if reply.status == 410:
                self._lease.take()
            elif reply.status == 409:
                for program in reply.body["missing"]:
                    self._upload(program, paths[program])
            elif reply.status == 422:
                raise MeasurementError(
                    f"{self.name} does not measure {', '.join(files[:3])}: {reply.error}"
                )
            else:
                self._expect(reply, 202)
                return
        raise BoardError(
            f"{self.name} has not taken a job in {ROUNDS} tries: {reply.error} Its folder may be "
            "too small for all programs of the job: start the agent with a larger --kept-mib."
        )

    def _upload(self, program: str, file: Path) -> None:
        """Bring a program to the board."""
        assert self._lease is not None
        most = self._facts["limits"]["upload_bytes"]
        if file.stat().st_size > most:
            raise MeasurementError(
                f"{file} has {file.stat().st_size} bytes; {self.name} takes {most}. Start its "
                "agent with a larger --upload-mib."
            )
        for _ in range(self._connection.patience.repeats):
            path = f"{self._lease.path}/programs/{program}"
            reply = self._connection.send("PUT", path, file=file)
            if reply.status == 410:
                self._lease.take()
            elif not reply.body.get("corrupted"):
                break
        if reply.status == 422:
            raise MeasurementError(f"{self.name} does not take {file}: {reply.error}")
        self._expect(reply, 201)

    def _outcome(self, job: str, patience: float) -> Json:
        """Wait for the end of a job; one that the board does not know any more was lost."""
        # The agent stops it after `patience`; beyond that it is the agent that hangs.
        end = time.monotonic() + patience + START
        while True:
            reply = self._connection.send("GET", f"/jobs/{job}?wait={WAIT_S}")
            if reply.status == 404:
                return {"state": "lost", "error": reply.error}
            found = self._expect(reply, 200)
            if found["state"] not in ("waiting", "running"):
                return found
            if time.monotonic() > end:
                self._connection.send("DELETE", f"/jobs/{job}")
                return {"state": "lost", "error": "it did not end, and was not stopped either."}

    def _expect(self, reply: Reply, status: int) -> Json:
        if reply.status != status:
            raise BoardError(f"{self.name} refuses: {reply.error}")
        return dict(reply.body)


def _wire(request: Json, paths: dict[str, Path]) -> Json:
    """Put hashes in the place of paths, and note which file each one means."""
    if "file" in request:
        request["file"] = _program(request["file"], paths)
    if "files" in request:
        request["files"] = {name: _program(it, paths) for name, it in request["files"].items()}
    return request


def _program(asked: Mapping[str, Any], paths: dict[str, Path]) -> Json:
    file = Path(asked["file"])
    try:
        with file.open("rb") as opened:
            program = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise MeasurementError(f"{file} cannot be read: {error}.") from error
    paths[program] = file
    rest = {name: value for name, value in asked.items() if name != "file"}
    return rest | {"program": program, "label": str(file)[-300:]}
