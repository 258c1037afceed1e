"""Looking at files of strangers, each in a process of its own that is forked for it.

Starting a process takes a second on a fast machine, most of it for imports; a fork takes
milliseconds. `serve` runs in a worker, `Checker` in the agent.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sartor_agent.errors import MeasurementError, SartorError
from sartor_agent.process import WORKER, reason_of

PATIENCE_S = 60
"""Seconds for one file."""
SHOWN = 500
"""Characters of a reason."""
Check = Callable[[Path], str]
"""Returns the ending that belongs to a file, or raises what speaks against it."""


def serve(check: Check, most_bytes: int | None) -> None:
    """Answer a line of JSON for each path that standard input names, until it is closed.

    Args:
        check: Looks at a file.
        most_bytes: Memory of each process.
    """
    for line in sys.stdin:
        answer = _forked(check, Path(json.loads(line)), most_bytes)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _forked(check: Check, file: Path, most_bytes: int | None) -> dict[str, str]:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _answer(check, file, most_bytes, write_end)
    os.close(write_end)
    with os.fdopen(read_end) as opened:
        said = opened.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGALRM:
            return {"error": f"looking at it did not end within {PATIENCE_S} s and was stopped."}
        return {"error": reason_of(-os.WTERMSIG(status), "")}
    found: dict[str, str] = json.loads(said) if said else {"error": "it gave no answer."}
    return found


def _answer(check: Check, file: Path, most_bytes: int | None, write_end: int) -> None:
    """Look at a file, write what was found, and end this process without anything else."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends it even where no Python is run
        signal.alarm(PATIENCE_S)
        if most_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
        answer = {"ending": check(file)}
    except SartorError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "it ran out of memory."}
    except Exception as error:  # noqa: BLE001 - whatever a stranger's file brings about ends here
        answer = {"error": f"it cannot be read: {type(error).__name__}: {error}"[:SHOWN]}
    try:
        os.write(write_end, json.dumps(answer).encode())
    finally:
        os._exit(0)


class Checker:
    """Has files looked at, in a worker that is started when there is something to look at.

    Args:
        worker: Module of the worker.
        most_bytes: Memory for looking at a file.
    """

    def __init__(self, worker: str = WORKER, most_bytes: int | None = None) -> None:
        self._worker = worker
        self._request = {"do": "checks", "most_bytes": most_bytes}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def check(self, file: Path) -> str:
        """Return the ending that belongs to a file.

        Raises:
            MeasurementError: It is no self-contained model, crashed or hung who looked at it.
        """
        with self._lock:
            answer = self._ask(file)
        if "error" in answer:
            raise MeasurementError(answer["error"])
        return str(answer["ending"])

    def rest(self) -> None:
        """End the worker: nothing shall lie in memory beside what is measured."""
        with self._lock:
            self._end()

    def _ask(self, file: Path) -> dict[str, Any]:
        """Ask the worker; once more where the system has ended it meanwhile."""
        for _ in range(2):
            process = self._process or self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(str(file)).encode() + b"\n")
                process.stdin.flush()
                if line := process.stdout.readline():
                    found: dict[str, Any] = json.loads(line)
                    return found
            except BrokenPipeError:
                pass  # it has ended, which reading would tell as well
            self._end()
        raise MeasurementError("the process that looks at files has ended twice.")

    def _started(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(self._request).encode() + b"\n")
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
