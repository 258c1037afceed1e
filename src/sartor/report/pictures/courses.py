"""What was reached after every evaluation, one line for each origin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sartor.report.markup import Markup, element
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.labels import Label, cut, place
from sartor.report.pictures.scale import Scale

WIDTH, HEIGHT = 780, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 16, 50
LETTERS = 24


@dataclass(frozen=True, slots=True)
class Line:
    """A name, and the heights from the first evaluation to the last."""

    name: str
    style: str
    evaluations: Sequence[int]
    heights: Sequence[float]


def courses(lines: Sequence[Line], title: str) -> Markup:
    """Draw steps: a height holds from its evaluation to the next.

    Args:
        lines: Each with at least one evaluation; heights are 0 or more.
        title: Of the upright axis.
    """
    last = max(it.evaluations[-1] for it in lines)
    highest = max(height for it in lines for height in it.heights) or 1.0
    axes = Axes(
        x=Scale(0, max(last, 2), LEFT, WIDTH - RIGHT),
        y=Scale(0, 1.08 * highest, HEIGHT - BOTTOM, TOP),
        x_title="evaluations",
        y_title=title,
        x_text=lambda value: f"{value:g}" if value == int(value) else "",
    )
    return element(
        "svg",
        *axes.grid(),
        *(_drawn(axes, it) for it in lines),
        *_names(axes, lines),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front",
        role="img",
        aria_label=f"{title} over evaluations of {', '.join(it.name for it in lines)}",
    )


def _drawn(axes: Axes, it: Line) -> Markup:
    points = list(zip(it.evaluations, it.heights, strict=True))
    path = f"M{axes.x(points[0][0]):.1f},{axes.y(points[0][1]):.1f}"
    for evaluations, height in points[1:]:
        path += f"H{axes.x(evaluations):.1f}V{axes.y(height):.1f}"
    words = f"{it.name}: {it.heights[-1]:.3g} after {it.evaluations[-1]} evaluations"
    end = element(
        "circle", cx=axes.x(points[-1][0]), cy=axes.y(points[-1][1]), r=4, class_=f"end {it.style}"
    )
    line = element("path", d=path, class_=f"course {it.style}")
    return element("g", element("title", words), line, end, role="img", aria_label=words)


def _names(axes: Axes, lines: Sequence[Line]) -> Iterator[Markup]:
    labels = [
        Label(axes.x(it.evaluations[-1]), axes.y(it.heights[-1]), cut(it.name, LETTERS))
        for it in lines
    ]
    inside = (axes.x.start, axes.y.end, axes.x.end, axes.y.start)
    for label, (x, y), it in zip(labels, place(labels, inside), lines, strict=True):
        yield element("text", label.text, x=x, y=y, class_=f"name {it.style}")
