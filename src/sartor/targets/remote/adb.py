"""Boards and phones behind adb, Android's debug bridge."""

import contextlib
import re
import secrets
import shlex

from sartor.errors import BoardError, OptionError
from sartor.targets.remote.attached import COMMAND, attached_agent, run_tool
from sartor.targets.remote.board import Board
from sartor.targets.remote.connection import Connection, Patience

ADDRESS = re.compile(r"adb:([A-Za-z0-9_.:][A-Za-z0-9_.:-]*)(/.*)?")


def open_adb(address: str, *, patience: Patience | None = None) -> Board:
    """Start an agent over adb and return the device behind it; closing it ends the agent.

    Args:
        address: `adb:SERIAL`, as `adb devices` prints it. A path after it is the command to start
            over there: `adb:0123456789/data/local/tmp/env/bin/sartor-agent`.
        patience: With what goes wrong.

    Raises:
        OptionError: The address is none.
        BoardError: adb or the agent cannot be started.
    """
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise OptionError(
            f"{address!r} is no address of a device; give adb:SERIAL, as adb devices prints it."
        )
    adb, command = ["adb", "-s", found[1]], found[2] or COMMAND
    token = secrets.token_hex(32)
    with contextlib.ExitStack() as stack:
        remote = f"exec {shlex.quote(command)} --attached --port 0"
        started = [*adb, "shell", "-T", remote]
        port = stack.enter_context(attached_agent(started, address, token))
        here = run_tool([*adb, "forward", "tcp:0", f"tcp:{port}"], address).strip()
        if not here.isdigit():
            raise BoardError(f"{address}: adb forward named no port but {here!r}; update adb.")
        stack.callback(run_tool, [*adb, "forward", "--remove", f"tcp:{here}"], address)
        connection = Connection(f"http://127.0.0.1:{here}", token, patience=patience)
        return Board(connection, name=address, held=stack.pop_all())
