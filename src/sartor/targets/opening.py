"""Opening targets by their names."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sartor.registry import Registry
from sartor.targets.remote.tokens import FILE as TOKENS
from sartor.targets.target import Target


@dataclass(frozen=True, slots=True)
class Address:
    """Which target a user means, and what it takes to open it."""

    text: str
    """As it is written: `cpu`, `cpu:openvino`, `http://pi.local:8040`."""
    threads: int = 1
    """Of one call."""
    tokens: Path = TOKENS
    """JSON file of the tokens of boards, by host and port."""
    certificate: Path | None = None
    """PEM file to trust, for boards that are reached by https; by default the system's."""


TARGETS: Registry[Callable[[Address], Target]] = Registry("target")
"""By what a target's name begins with, up to the colon. Each opens one, to be closed after use.
Raises OptionError, UnknownNameError or MissingExtraError where it cannot."""


def open_target(
    name: str = "cpu",
    *,
    threads: int = 1,
    tokens: str | Path | None = None,
    certificate: str | Path | None = None,
) -> Target:
    """Open a target. Close its `place` where it is a board.

    Args:
        name: `cpu` or `cuda`: this machine, with every runtime that is installed there.
            `cpu:openvino`: with one of them. `http://HOST:PORT`, `https://HOST:PORT`,
            `ssh://USER@HOST`, `adb:SERIAL`: a board, or several equal ones with commas between.
        threads: Threads of one call.
        tokens: JSON file of the tokens of boards, by host and port; by default
            `~/.config/sartor/tokens.json`.
        certificate: PEM file to trust, for boards that are reached by https.

    Raises:
        UnknownNameError: There is no such target or runtime.
        OptionError: It has fewer cores than threads, or its address is none.
        MissingExtraError: There is no such device, or no runtime for it is installed.
        BoardError: A board cannot be reached, refuses, or is lent to somebody else.
    """
    trusted = None if certificate is None else Path(certificate)
    address = Address(name, threads, TOKENS if tokens is None else Path(tokens), trusted)
    return TARGETS[name.partition(":")[0]](address)
