"""Choosing how progress is drawn."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from sartor.cli.screen.lines import Lines

if TYPE_CHECKING:  # the room of jobs loads torch
    from sartor.jobs import Progress


@contextmanager
def listening(*, quiet: bool, stream: TextIO | None = None) -> Iterator["Progress | None"]:
    """Draw progress while the body runs: live on a terminal, as lines elsewhere.

    Args:
        quiet: Draw nothing; None is lent in place of a listener.
        stream: Where to; stderr by default, so that the result stays alone on stdout.
    """
    stream = sys.stderr if stream is None else stream
    if quiet:
        yield None
    elif stream.isatty() and os.environ.get("TERM") != "dumb":
        yield from _live(stream)
    else:
        lines = Lines(stream)
        yield lines
        lines.close()


def _live(stream: TextIO) -> Iterator["Progress"]:
    from rich.console import Console

    from sartor.cli.screen.live import LiveScreen

    screen = LiveScreen(Console(file=stream, highlight=False))
    screen.open()
    ended = False
    try:
        yield screen
        ended = True
    finally:
        screen.close(whole=ended)
