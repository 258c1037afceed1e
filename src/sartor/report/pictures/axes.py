"""Lines, numbers and titles of two axes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sartor.report.markup import Markup, element
from sartor.report.pictures.scale import Scale


def plain(value: float) -> str:
    """Write a tick as it is."""
    return f"{value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """Two axes, the frame between them, and what is written beside them."""

    x: Scale
    y: Scale
    x_title: str
    y_title: str
    x_text: Callable[[float], str] = plain
    """Writes a tick."""
    y_text: Callable[[float], str] = plain
    x_ticks: int = 7
    """About how many."""

    def grid(self) -> Iterator[Markup]:
        """Draw lines at the ticks, with their numbers, and the titles."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        for tick in self.x.ticks(self.x_ticks):
            x = self.x(tick)
            yield element("line", x1=x, x2=x, y1=bottom, y2=top, class_="grid")
            yield element("text", self.x_text(tick), x=x, y=bottom + 18, text_anchor="middle")
        for tick in self.y.ticks(6):
            y = self.y(tick)
            yield element("line", x1=left, x2=right, y1=y, y2=y, class_="grid")
            yield element("text", self.y_text(tick), x=left - 8, y=y + 4.5, text_anchor="end")
        middle, centre = (left + right) / 2, (top + bottom) / 2
        yield element(
            "text", self.x_title, x=middle, y=bottom + 42, text_anchor="middle", class_="axis"
        )
        yield element(
            "text",
            self.y_title,
            x=14,
            y=centre,
            text_anchor="middle",
            class_="axis",
            transform=f"rotate(-90 14 {centre:.0f})",
        )
