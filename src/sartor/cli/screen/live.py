"""Progress as one live display on a terminal."""

from collections.abc import Mapping

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sartor.cli.screen.forecast import Forecast, lasting

PER_SECOND = 1
"""Drawings per second beside those for updates; more would disturb what is being timed."""
BAR = 28


class LiveScreen:
    """Shows stage, bar, time left and the best so far; ended stages and sentences stay above.

    Args:
        console: Of the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._forecast = Forecast()
        self._note = ""
        self._best = ""
        self._closed = False
        self._live = Live(
            get_renderable=self.__rich__,
            console=console,
            refresh_per_second=PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def open(self) -> None:
        """Start to draw."""
        self._live.start()

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take note of the plan."""
        self._forecast.plan(seconds)

    def stage(self, name: str) -> None:
        """Leave a line for the stage that ended, and show the next."""
        if name == self._forecast.name:
            return  # the job went through it again; the display need not tell
        self._leave()
        self._forecast.stage(name)
        self._note = ""
        self._live.refresh()

    def update(self, share: float, note: str = "") -> None:
        """Show how far the stage is, at the next drawing."""
        self._forecast.update(share)
        self._note = note

    def best(self, text: str) -> None:
        """Show the best design so far."""
        self._best = text

    def say(self, sentence: str) -> None:
        """Leave a sentence above the display."""
        self._console.print(Text(sentence))

    def close(self, *, whole: bool = True) -> None:
        """Stop drawing.

        Args:
            whole: The job has ended by itself, so that its last stage is done.
        """
        if whole:
            self._leave()
        self._closed = True
        self._live.stop()

    def _leave(self) -> None:
        if self._forecast.name:
            spent = lasting(self._forecast.elapsed)
            line = Text.assemble(("✓ ", "green"), f"{self._forecast.name:<9}", (spent, "dim"))
            self._console.print(line)

    def __rich__(self) -> RenderableType:
        """Return what is to be seen now."""
        forecast = self._forecast
        if self._closed:
            return Text("")
        if not forecast.name:
            return Text("starting …", style="dim")
        left = forecast.left
        row = Table.grid(padding=(0, 2))
        row.add_row(
            Text(forecast.name, style="bold"),
            ProgressBar(total=1.0, completed=forecast.share, width=BAR),
            Text(f"{100 * forecast.share:.0f} %"),
            Text("" if left is None else f"about {lasting(left)} left"),
        )
        lines: list[RenderableType] = [row]
        if self._note:
            lines.append(Text(self._note, style="dim", no_wrap=True, overflow="ellipsis"))
        if self._best:
            lines.append(Text(f"best so far: {self._best}", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)
