"""A fresh process that answers one request, from both ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sartor_agent.errors import MeasurementError

START = 60.0
"""Seconds that a process may take beside its measurement: loading, compiling."""
WORKER = "sartor_agent.worker"

Ask = Callable[[Mapping[str, Any], float, Sequence[str], str], dict[str, Any]]
"""Answers a request as `ask` does: here, or on another device."""


class Process:
    """A worker in a session of its own, so that it can be ended with all its children.

    The worker ends itself when the process that started it does: see `stay_with_the_caller`.
    """

    def __init__(self, worker: str = WORKER) -> None:
        read_end, self._request = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", worker],
                stdin=read_end,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError:
            os.close(self._request)
            raise
        finally:
            os.close(read_end)

    @property
    def pid(self) -> int:
        """Number of the process, and of its group."""
        return self._process.pid

    def answer(
        self, request: Mapping[str, Any], patience: float, files: Sequence[str]
    ) -> dict[str, Any]:
        """Send the request, return the answer and end the process. Called once.

        Args:
            request: Plain data.
            patience: Seconds until the process is stopped.
            files: What it measures, for messages.

        Raises:
            MeasurementError: It crashed, was killed, or did not answer in time.
        """
        named = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
        try:
            self._send(request)
            out, err = self._process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            raise MeasurementError(
                f"measuring {named} did not end within {patience:.0f} s and was stopped."
            ) from None
        finally:
            self.kill()
            self._process.communicate()  # closes the pipes and leaves no zombie
            os.close(self._request)
        if self._process.returncode != 0:
            reason = reason_of(self._process.returncode, err.decode(errors="replace"))
            raise MeasurementError(f"the process that measured {named} failed: {reason}")
        try:
            answer: dict[str, Any] = json.loads(out)
        except ValueError:  # a runtime wrote beside it
            said = out[:200].decode(errors="replace")
            raise MeasurementError(f"measuring {named} gave no answer but {said!r}.") from None
        return answer

    def kill(self) -> None:
        """End the process and its children. Safe from any thread, any number of times."""
        with contextlib.suppress(ProcessLookupError):  # they have ended
            os.killpg(self._process.pid, signal.SIGKILL)

    def _send(self, request: Mapping[str, Any]) -> None:
        """Write the request as one line, and leave the pipe open."""
        left = memoryview(json.dumps(request).encode() + b"\n")
        # It died before it read: what it wrote and its exit status tell why.
        with contextlib.suppress(BrokenPipeError):
            while left:
                left = left[os.write(self._request, left) :]


def ask(
    request: Mapping[str, Any], patience: float, files: Sequence[str], worker: str = WORKER
) -> dict[str, Any]:
    """Send a request to a fresh process and return its answer.

    Raises:
        MeasurementError: It crashed or did not answer within `patience` seconds.
    """
    return Process(worker).answer(request, patience, files)


def stay_with_the_caller() -> None:
    """End this process and its children as soon as its standard input is closed.

    Whoever asked keeps it open until it has the answer. When it is killed, no measurement goes on
    that nobody waits for and that disturbs the next one. Nothing is done in a process that was
    started by hand: it leads no session, and its input may be a file.
    """
    if os.getsid(0) != os.getpid():
        return

    def watch() -> None:
        # Not through sys.stdin, whose lock a thread must not hold when the interpreter ends.
        os.read(0, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def reason_of(code: int, stderr: str) -> str:
    """Say why a process ended.

    Args:
        code: Exit status; negative, the signal.
        stderr: What it wrote, whose last line tells.
    """
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
