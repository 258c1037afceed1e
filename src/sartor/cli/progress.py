"""Progress on standard error: one live display on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sartor.jobs.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.live import Live

EVERY = 10.0
"""Seconds between two plain lines of one stage."""


@contextmanager
def progress_display(*, quiet: bool) -> Iterator[Progress]:
    """Lend a display that suits standard error."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        with Screen() as screen:
            yield screen
    else:
        yield Lines()


class Clock:
    """Knows the plan and how much time is left of it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.name = ""
        self.share = 0.0
        self._began = time.monotonic()

    def begin(self, name: str) -> None:
        """Note that a stage begins."""
        self.name, self.share = name, 0.0

    def left(self) -> float:
        """Return the seconds that the plan still has."""
        names = list(self.seconds)
        if self.name not in names:
            return 0.0
        coming = names[names.index(self.name) + 1 :]
        own = self.seconds[self.name] * (1 - self.share)
        return own + sum(self.seconds[name] for name in coming)

    def elapsed(self) -> float:
        """Return the seconds since the job began in this process."""
        return time.monotonic() - self._began


class Lines:
    """Plain lines, at most one every ten seconds beside the beginnings of stages."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._told = 0.0
        self._best = ""

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Keep the plan."""
        self._clock.seconds = dict(seconds)

    def stage(self, name: str) -> None:
        """Print that a stage begins."""
        if name != self._clock.name:
            self._clock.begin(name)
            self._print(f"{name}, about {duration(self._clock.left())} left")

    def update(self, share: float, note: str = "") -> None:
        """Print how far a stage is, now and then."""
        self._clock.share = share
        if time.monotonic() - self._told > EVERY:
            best = f"; best {self._best}" if self._best else ""
            self._print(f"{self._clock.name} {100 * share:.0f} %: {note}{best}")

    def best(self, text: str) -> None:
        """Remember the best design for the next line."""
        self._best = text

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        self._print(sentence)

    def _print(self, text: str) -> None:
        self._told = time.monotonic()
        print(f"[{duration(self._clock.elapsed())}] {text}", file=sys.stderr, flush=True)  # noqa: T201


class Screen:
    """One live line with stage, bar, time left and the best design."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._note = self._best = ""
        self._live: Live | None = None

    def __enter__(self) -> "Screen":
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._live is not None
        self._live.stop()

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Keep the plan."""
        self._clock.seconds = dict(seconds)

    def stage(self, name: str) -> None:
        """Show the stage."""
        if name != self._clock.name:
            self._clock.begin(name)
            self._note = ""
        self._draw()

    def update(self, share: float, note: str = "") -> None:
        """Move the bar."""
        self._clock.share, self._note = share, note
        self._draw()

    def best(self, text: str) -> None:
        """Show the best design."""
        self._best = text
        self._draw()

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        assert self._live is not None
        self._live.console.print(sentence, highlight=False, markup=False)

    def _draw(self) -> None:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        assert self._live is not None
        clock = self._clock
        row = Table.grid(padding=(0, 1))
        row.add_row(
            Text(clock.name.ljust(8), style="bold"),
            ProgressBar(total=1.0, completed=clock.share, width=30),
            Text(f"{duration(clock.left())} left"),
            Text(self._note, style="dim"),
        )
        lines = [row, Text(f"best     {self._best}")] if self._best else [row]
        self._live.update(Group(*lines))


def duration(seconds: float) -> str:
    """Write a duration as minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
