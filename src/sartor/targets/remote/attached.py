"""An agent that is started on a device over another program's connection, and ends with it."""

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence

from sartor.errors import BoardError

READY_S = 60.0
"""Seconds until an agent that was started must listen: small boards import slowly."""
ENDING_S = 10.0
TOOL_S = 30.0
"""Seconds for a command that only sets something up."""
COMMAND = "sartor-agent"


@contextlib.contextmanager
def attached_agent(command: Sequence[str], name: str, token: str) -> Iterator[int]:
    """Start an agent and end it after the `with` block; give the port it listens on, over there.

    The token goes through standard input: command lines are seen by every user of a machine. The
    agent ends when that is closed, which the death of this process does too.

    Args:
        command: What runs `sartor-agent --attached` on the device.
        name: Of the device, for messages.
        token: For this agent alone.

    Raises:
        BoardError: The command is absent or fails, or the agent is not ready in time.
    """
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except FileNotFoundError as error:
        raise BoardError(f"{command[0]} is not installed; {name} is reached with it.") from error
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):  # it failed; its own words tell why
            process.stdin.write(f"{token}\n".encode())
            process.stdin.flush()
        yield _port(process, name)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def run_tool(command: Sequence[str], name: str) -> str:
    """Return what a command printed.

    Raises:
        BoardError: It failed or did not end.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TOOL_S, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BoardError(
            f"{name}: {command[0]} did not end within {TOOL_S:.0f} s; check the connection."
        ) from error
    if done.returncode != 0:
        raise BoardError(f"{name}: {command[0]} failed: {_last_line(done.stderr)}")
    return done.stdout


def _port(process: "subprocess.Popen[bytes]", name: str) -> int:
    """Wait for the line in which the agent says where it listens."""
    lines: queue.Queue[bytes] = queue.Queue()
    stream = process.stdout
    assert stream is not None
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=READY_S)
        return int(json.loads(line)["port"])
    except queue.Empty:
        process.kill()
        raise BoardError(
            f"the agent on {name} was not ready within {READY_S:.0f} s; start it there by hand to "
            "see what it waits for."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        process.kill()
        assert process.stderr is not None
        reason = _last_line(process.stderr.read().decode(errors="replace"))
        raise BoardError(f"the agent cannot be started on {name}: {reason}") from error


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing."
