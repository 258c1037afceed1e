"""Measurements in fresh processes, which a crash or a hang does not take down with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sartor_agent.arrays import array_from_json, array_to_json
from sartor_agent.process import START, WORKER, Ask, ask
from sartor_agent.program import Array, Port, Shapes, Step
from sartor_agent.timings import Timing, pool

SLOW_FILE_S = 10.0
"""Seconds for profiling a file."""


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
    clock: str = "wall"
    """Or `processor`; see `sartor_agent.experiment.CLOCKS`."""
    most_bytes: int | None = None
    """Memory of a process; without, what the machine has."""
    worker: str = WORKER
    """Module that answers requests."""
    patience_s: float = START
    """Seconds that a process may take beside its measurement: compilers can take minutes."""


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
    files: Mapping[str, TimedFile],
    how: Protocol | None = None,
    report: Report | None = None,
    *,
    ask: Ask = ask,
) -> dict[str, Timing]:
    """Time files in turn, in several processes one after the other, and pool what they found.

    Args:
        files: By any name.
        how: Threads, time, processes.
        report: Called after every process.
        ask: Answers each process's request; another device does so in place of this one.

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
            "clock": how.clock,
            "most_bytes": how.most_bytes,
        }
        patience = how.patience_s + 5 * len(files) * (how.copies + how.seconds_each)
        parts.append(ask(request, patience, list(files), how.worker))
        if report is not None:
            report((number + 1) / how.processes)
    return {name: pool([_timing(copy) for part in parts for copy in part[name]]) for name in files}


def inspect_file(
    it: TimedFile, how: Protocol | None = None, *, calls: int = 0, ask: Ask = ask
) -> Inspection:
    """Compile a file in a process of its own, run it, and say what that took.

    Args:
        it: The file.
        how: Threads, memory.
        calls: Calls over which the operations are profiled; none by default.
        ask: As for `time_files`.

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
    plain = ask(request, how.patience_s, [str(it.file)], how.worker)
    return Inspection(
        plain["peak_bytes"],
        plain["call_ms"],
        plain["executed"],
        tuple(Port(**port | {"shape": tuple(port["shape"])}) for port in plain["inputs"]),
        tuple(_step(step) for step in plain["steps"]),
    )


def profile_files(
    files: Mapping[str, TimedFile], how: Protocol | None = None, *, calls: int = 10, ask: Ask = ask
) -> dict[str, tuple[Step, ...]]:
    """Tell what files execute, all in one process.

    Args:
        files: By any name.
        how: Threads, memory.
        calls: Over which operations are timed.
        ask: As for `time_files`.

    Raises:
        MeasurementError: The process crashed or did not end in time.
    """
    if not files:
        return {}
    how = how or Protocol()
    request = {
        "do": "profile",
        "threads": how.threads,
        "cores": how.cores,
        "files": {name: it.to_json() for name, it in files.items()},
        "calls": calls,
        "most_bytes": how.most_bytes,
    }
    patience = how.patience_s + SLOW_FILE_S * len(files)
    plain = ask(request, patience, list(files), how.worker)
    return {name: tuple(_step(step) for step in plain[name]) for name in files}


def run_file(
    it: TimedFile, arrays: Sequence[Array], how: Protocol | None = None, *, ask: Ask = ask
) -> tuple[Array, ...]:
    """Run a file on given inputs in a process of its own.

    Args:
        it: The file.
        arrays: Its inputs, (n, ...) each, of any number of rows.
        how: Threads, memory, and patience for all of it.
        ask: As for `time_files`.

    Returns:
        All outputs, (n, ...).

    Raises:
        MeasurementError: The process crashed or did not end in time.
    """
    how = how or Protocol()
    request = {
        "do": "run",
        "threads": how.threads,
        "cores": how.cores,
        "file": it.to_json(),
        "inputs": [array_to_json(array) for array in arrays],
        "most_bytes": how.most_bytes,
    }
    plain = ask(request, how.patience_s, [str(it.file)], how.worker)
    return tuple(array_from_json(it) for it in plain["outputs"])


def _timing(plain: dict[str, Any]) -> Timing:
    return Timing(**plain | {name: tuple(plain[name]) for name in ("rounds_ms", "parts")})


def _step(plain: dict[str, Any]) -> Step:
    shapes = {n: tuple(tuple(it) for it in plain[n]) for n in ("reads", "writes")}
    return Step(**plain | shapes | {"stands_for": tuple(plain["stands_for"])})
