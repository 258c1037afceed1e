"""Boards by their address."""

from pathlib import Path
from urllib.parse import urlsplit

from sartor.errors import OptionError
from sartor.targets.remote.adb import open_adb
from sartor.targets.remote.board import Board
from sartor.targets.remote.connection import Connection, Patience
from sartor.targets.remote.ssh import open_ssh
from sartor.targets.remote.tokens import FILE, token_of

KINDS = ("http://", "https://", "ssh://", "adb:")


def is_board(address: str) -> bool:
    """Say whether an address means a board."""
    return address.startswith(KINDS)


def open_board(
    address: str,
    *,
    token: str | None = None,
    tokens: Path = FILE,
    certificate: Path | None = None,
    patience: Patience | None = None,
) -> Board:
    """Open a board. Close it, or use it in a `with` block.

    Args:
        address: `http://host:port` or `https://host:port` of a `sartor-agent` that runs;
            `ssh://user@host` or `adb:SERIAL`, where it is started.
        token: Of an agent that runs; by default from `tokens`, by host and port.
        tokens: JSON file that only its owner can read: {"pi.local:8040": "..."}.
        certificate: PEM file to trust, for https; by default the system's.
        patience: With what goes wrong.

    Raises:
        OptionError: The address is none, or its token is not known.
        BoardError: The board cannot be reached, refuses the token, or speaks another version.
    """
    if address.startswith("ssh:"):
        return open_ssh(address, patience=patience)
    if address.startswith("adb:"):
        return open_adb(address, patience=patience)
    place = _place(address)
    connection = Connection(
        f"{urlsplit(address).scheme}://{place}",
        token_of(place, tokens) if token is None else token,
        certificate=certificate,
        patience=patience,
    )
    return Board(connection, name=address)


def _place(address: str) -> str:
    """Return host and port of an http address that says nothing else."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is none
    except ValueError as error:
        raise OptionError(f"{address!r} is no address: {error}.") from error
    if "@" in parts.netloc:
        raise OptionError(
            f"the address of {parts.hostname} holds a user or a token, which the shell's history "
            f"would keep; write the token into {FILE}."
        )
    known = parts.scheme in ("http", "https") and parts.hostname
    if not known or parts.path.strip("/") or parts.query or parts.fragment:
        raise OptionError(
            f"{address!r} is no address of a board; give http://host:port, https://host:port, "
            "ssh://user@host or adb:SERIAL."
        )
    return parts.netloc
