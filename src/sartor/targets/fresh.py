"""Measurements in fresh processes, which a crash or a hang does not take down with them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sartor.errors import OptionError
from sartor.targets.cpu import Target
from sartor.targets.experiment import Timing, pool

START = 60.0
"""Seconds that a process may take beside its measurement: loading, compiling."""


@dataclass(frozen=True, slots=True)
class TimedFile:
    """A file to be timed."""

    file: Path
    runtime: str
    precision: str
    """Of its float operations."""


def time_files(
    target: Target,
    files: Mapping[str, TimedFile],
    *,
    seconds_each: float = 1.0,
    processes: int = 3,
    seed: int = 0,
) -> dict[str, Timing]:
    """Time files in turn, in several processes one after the other, and pool what they found.

    Args:
        target: Whose threads.
        files: By any name.
        seconds_each: Time for each file in each process.
        processes: How many.
        seed: Decides the order.

    Raises:
        OptionError: A process crashed or did not end in time; the message names the files.
    """
    if not files:
        return {}
    parts = []
    for number in range(processes):
        request = {
            "do": "time",
            "threads": target.threads,
            "files": [[n, str(it.file), it.runtime, it.precision] for n, it in files.items()],
            "seconds_each": seconds_each,
            "seed": seed + number,
        }
        patience = START + 5 * len(files) * (1 + seconds_each)
        parts.append(ask(request, patience, [str(it.file) for it in files.values()]))
    return {name: pool([Timing(**_tuple(part[name])) for part in parts]) for name in files}


def peak_memory(file: Path, runtime: str, *, threads: int, precision: str) -> int:
    """Return by how many bytes a process grows that loads a file and runs it once.

    Raises:
        OptionError: The process crashed or did not end in time.
    """
    request = {
        "do": "memory",
        "file": str(file),
        "runtime": runtime,
        "threads": threads,
        "precision": precision,
    }
    return int(ask(request, START, [str(file)])["peak_bytes"])


def ask(request: Mapping[str, Any], patience: float, files: list[str]) -> dict[str, Any]:
    """Send a request to a fresh process and return its answer."""
    command = [sys.executable, "-m", "sartor.targets.worker"]
    named = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    try:
        done = subprocess.run(
            command, input=json.dumps(request), capture_output=True, text=True, timeout=patience
        )
    except subprocess.TimeoutExpired:
        raise OptionError(
            f"measuring {named} did not end within {patience:.0f} s and was stopped."
        ) from None
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise OptionError(f"the process that measured {named} failed: {last[0]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _tuple(plain: dict[str, Any]) -> dict[str, Any]:
    return plain | {"rounds_ms": tuple(plain["rounds_ms"])}
