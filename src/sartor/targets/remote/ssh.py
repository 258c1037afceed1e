"""Boards behind ssh: nothing has to run there before."""

import contextlib
import re
import secrets
import shlex
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sartor.errors import OptionError
from sartor.targets.remote.attached import COMMAND, attached_agent, run_tool
from sartor.targets.remote.board import Board
from sartor.targets.remote.connection import Connection, Patience

NAME = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:%@+-]*")
"""Users and hosts: nothing that ssh would take for an option."""
ALIVE = (
    "ServerAliveInterval=15", "ServerAliveCountMax=4", "BatchMode=yes", "ControlPersist=no",
)  # fmt: skip
"""A dead connection is noticed within a minute, nobody is asked for a password, nothing stays."""


def open_ssh(
    address: str, *, config: Path | None = None, patience: Patience | None = None
) -> Board:
    """Start an agent over ssh and return the board behind it; closing it ends the agent.

    Both ends of the tunnel are closed to others: here it is a socket in a folder of one's own,
    there the loopback address and a token that is drawn for this connection.

    Args:
        address: `ssh://user@host:port`. A path after it is the command to start over there, where
            `sartor-agent` is not on the path: `ssh://pi@board/srv/env/bin/sartor-agent`.
        config: OpenSSH's file of settings; by default the user's.
        patience: With what goes wrong.

    Raises:
        OptionError: The address is none.
        BoardError: ssh or the agent cannot be started.
    """
    target, command = _parsed(address)
    options = [it for option in ALIVE for it in ("-o", option)]
    options += [] if config is None else ["-F", str(config)]
    token = secrets.token_hex(32)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sartor-")))
        control = ["-S", str(folder / "control")]
        remote = f"exec {shlex.quote(command)} --attached --port 0"
        started = ["ssh", "-T", "-M", *control, *options, *target, remote]
        port = stack.enter_context(attached_agent(started, address, token))
        socket = folder / "agent"
        tunnel = ["-O", "forward", "-L", f"{socket}:127.0.0.1:{port}"]  # ends with the connection
        run_tool(["ssh", *control, *options, *tunnel, *target], address)
        connection = Connection("http://localhost", token, socket=socket, patience=patience)
        return Board(connection, name=address, held=stack.pop_all())


def _parsed(address: str) -> tuple[list[str], str]:
    """Return ssh's arguments that say where, and the command to start there."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise OptionError(f"{address!r} is no address: {error}.") from error
    user = unquote(parts.username or "")
    named = [it for it in (user, host) if it]
    if parts.scheme != "ssh" or not host or parts.password or parts.query or parts.fragment \
            or not all(NAME.fullmatch(it) for it in named):  # fmt: skip
        raise OptionError(
            f"{address!r} is no address of a board; give ssh://user@host or ssh://user@host:port."
        )
    target = (["-l", user] if user else []) + (["-p", str(port)] if port else [])
    return [*target, "--", host], unquote(parts.path) or COMMAND
