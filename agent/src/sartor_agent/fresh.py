"""Measurements in fresh processes, which a crash or a hang does not take down with them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sartor_agent.errors import MeasurementError
from sartor_agent.program import Port, Shapes, Step
from sartor_agent.timings import Timing, pool

START = 60.0
"""Seconds that a process may take beside its measurement: loading, compiling."""
WORKER = "sartor_agent.worker"


@dataclass(frozen=True, slots=True)
class TimedFile:
    """A file to be measured."""

    file: Path
    runtime: str
    precision: str
    """Of its float operations."""
    shapes: Shapes = field(default_factory=dict)
    """Of inputs that it leaves free."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "file": str(self.file),
            "runtime": self.runtime,
            "precision": self.precision,
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How files are timed."""

    threads: int = 1
    """Of one call."""
    seconds_each: float = 1.0
    """Time for each file in each process."""
    processes: int = 3
    copies: int = 1
    """Times that each file is loaded in each process. Where its memory lies moves its time."""
    cores: tuple[int, ...] = ()
    """On which processes run; by default where the system puts them."""
    seed: int = 0
    """Decides the order."""
    most_bytes: int | None = None
    """Memory of a process; without, what the machine has."""
    worker: str = WORKER
    """Module that answers requests."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one process found out of one file."""

    peak_bytes: int
    """By which it grew when it compiled the file and ran it once."""
    call_ms: float
    """Of one call, roughly."""
    executed: str
    """Precision of float operations, as the runtime says."""
    inputs: tuple[Port, ...]
    steps: tuple[Step, ...]
    """What was executed; empty where it was not asked for or the runtime does not tell."""


Report = Callable[[float], None]
"""Told the share that is done, 0 to 1."""


def time_files(
    files: Mapping[str, TimedFile], how: Protocol | None = None, report: Report | None = None
) -> dict[str, Timing]:
    """Time files in turn, in several processes one after the other, and pool what they found.

    Args:
        files: By any name.
        how: Threads, time, processes.
        report: Called after every process.

    Raises:
        MeasurementError: A process crashed or did not end in time; the message names the files.
    """
    if not files:
        return {}
    how = how or Protocol()
    parts = []
    for number in range(how.processes):
        request = {
            "do": "time",
            "threads": how.threads,
            "cores": how.cores,
            "files": {name: it.to_json() for name, it in files.items()},
            "copies": how.copies,
            "seconds_each": how.seconds_each / how.copies,
            "seed": how.seed + number,
            "most_bytes": how.most_bytes,
        }
        patience = START + 5 * len(files) * (how.copies + how.seconds_each)
        parts.append(ask(request, patience, list(files), how.worker))
        if report is not None:
            report((number + 1) / how.processes)
    return {name: pool([_timing(copy) for part in parts for copy in part[name]]) for name in files}


def inspect_file(it: TimedFile, how: Protocol | None = None, *, calls: int = 0) -> Inspection:
    """Compile a file in a process of its own, run it, and say what that took.

    Args:
        it: The file.
        how: Threads, memory.
        calls: Calls over which the operations are profiled; none by default.

    Raises:
        MeasurementError: The process crashed or did not end in time.
    """
    how = how or Protocol()
    request = {
        "do": "inspect",
        "threads": how.threads,
        "cores": how.cores,
        "file": it.to_json(),
        "calls": calls,
        "most_bytes": how.most_bytes,
    }
    plain = ask(request, START, [str(it.file)], how.worker)
    return Inspection(
        plain["peak_bytes"],
        plain["call_ms"],
        plain["executed"],
        tuple(Port(**port | {"shape": tuple(port["shape"])}) for port in plain["inputs"]),
        tuple(_step(step) for step in plain["steps"]),
    )


def ask(
    request: Mapping[str, Any], patience: float, files: list[str], worker: str = WORKER
) -> dict[str, Any]:
    """Send a request to a fresh process and return its answer.

    Raises:
        MeasurementError: It crashed or did not answer within `patience` seconds.
    """
    command = [sys.executable, "-m", worker]
    named = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    try:
        done = subprocess.run(
            command, input=json.dumps(request), capture_output=True, text=True, timeout=patience
        )
    except subprocess.TimeoutExpired:
        raise MeasurementError(
            f"measuring {named} did not end within {patience:.0f} s and was stopped."
        ) from None
    if done.returncode != 0:
        raise MeasurementError(
            f"the process that measured {named} failed: {_reason(done.returncode, done.stderr)}"
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _reason(code: int, stderr: str) -> str:
    """Say why a process ended: the signal, or the last line that it wrote."""
    if code < 0:
        name = signal.Signals(-code).name
        hint = ", probably for lack of memory" if name == "SIGKILL" else ""
        return f"the runtime crashed with {name}{hint}."
    lines = stderr.strip().splitlines()
    if not lines:
        return f"exit status {code}."
    kind, _, sentence = lines[-1].partition(": ")
    if kind.endswith("MemoryError") or "bad_alloc" in lines[-1]:
        return "it ran out of memory."
    return sentence if kind.startswith("sartor_agent.errors.") else lines[-1]


def _timing(plain: dict[str, Any]) -> Timing:
    return Timing(**plain | {name: tuple(plain[name]) for name in ("rounds_ms", "parts")})


def _step(plain: dict[str, Any]) -> Step:
    shapes = {n: tuple(tuple(it) for it in plain[n]) for n in ("reads", "writes")}
    return Step(**plain | shapes | {"stands_for": tuple(plain["stands_for"])})
