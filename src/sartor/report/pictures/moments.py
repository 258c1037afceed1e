"""The front at several moments, over all that was evaluated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sartor.report.amounts import ruler
from sartor.report.markup import Markup, element
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.range import axis
from sartor.units import Direction, Limit

WIDTH, HEIGHT = 780, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 16, 50
MOST = 500
"""Points that are drawn; more would only make the page heavy."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A design in the picture: its values on both axes, and what is said of it."""

    x: float
    y: float
    words: str
    beyond: bool = False
    """It misses a limit."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Two metrics and which way each is better."""

    x: str
    y: str
    x_way: Direction
    y_way: Direction


def moments(
    plane: Plane,
    spots: Sequence[Spot],
    fronts: Sequence[Sequence[Spot]],
    limits: Sequence[Limit],
    *,
    steps: bool,
) -> Markup:
    """Draw fronts, the latest above the others, and, faint, everything that was evaluated.

    Args:
        plane: The axes.
        spots: All designs, at least one.
        fronts: The earliest first; at most four.
        limits: Those on other metrics and outside of the picture are not drawn.
        steps: Draw what each front beats as steps; right only where there are no objectives but
            these two.
    """
    axes = _axes(plane, spots)
    first = 4 - len(fronts)  # the last always has the strongest colour
    styled = [(f"moment{first + at}", front) for at, front in enumerate(fronts)]
    parts = [
        *axes.grid(),
        *(line for limit in limits for line in _limit(axes, plane, limit)),
        element("g", *_spots(axes, spots), class_="trials"),
        *(_steps(axes, plane, front, style) for style, front in styled if steps and front),
        *(mark for style, front in styled for mark in _marks(axes, front, style)),
    ]
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front",
        role="img",
        aria_label=f"{axes.y_title} over {axes.x_title}: the front at {len(fronts)} moments",
    )


def _axes(plane: Plane, spots: Sequence[Spot]) -> Axes:
    xs, ys = [it.x for it in spots], [it.y for it in spots]
    x = axis(xs, plane.x_way, LEFT, WIDTH - RIGHT)
    y = axis(ys, plane.y_way, HEIGHT - BOTTOM, TOP)
    across, up = ruler(plane.x, xs), ruler(plane.y, ys)
    return Axes(
        x=x,
        y=y,
        x_title=across.title + (" (logarithmic)" if x.log else ""),
        y_title=up.title + (" (logarithmic)" if y.log else ""),
        x_text=across.text,
        y_text=up.text,
    )


def _spots(axes: Axes, spots: Sequence[Spot]) -> Iterator[Markup]:
    for it in spots[:: max(1, -(-len(spots) // MOST))]:
        yield element(
            "circle",
            element("title", it.words),
            cx=axes.x(it.x),
            cy=axes.y(it.y),
            r=3,
            class_="trial missed" if it.beyond else "trial",
        )


def _limit(axes: Axes, plane: Plane, limit: Limit) -> Iterator[Markup]:
    text = f"limit {limit}".replace("<=", "≤").replace(">=", "≥")
    left, right, bottom, top = axes.x.start, axes.x.end, axes.y.start, axes.y.end
    if limit.metric == plane.x and axes.x.holds(limit.bound):
        x = axes.x(limit.bound)
        far = x > (left + right) / 2
        place, end = (x - 6, "end") if far else (x + 6, "start")
        yield element("line", x1=x, x2=x, y1=top, y2=bottom, class_="limit")
        yield element("text", text, x=place, y=bottom - 8, text_anchor=end, class_="limit")
    elif limit.metric == plane.y and axes.y.holds(limit.bound):
        y = axes.y(limit.bound)
        yield element("line", x1=left, x2=right, y1=y, y2=y, class_="limit")
        yield element("text", text, x=right - 6, y=y + 15, text_anchor="end", class_="limit")


def _steps(axes: Axes, plane: Plane, front: Sequence[Spot], style: str) -> Markup:
    """Draw the edge of what a front beats, to the ends of the axes."""
    places = sorted((axes.x(it.x), axes.y(it.y)) for it in front)
    rising = plane.x_way == "min"  # what lies right of a design is then beaten by it
    worst = axes.y.start if plane.y_way == "max" else axes.y.end
    (x, y), *rest = places
    path = f"M{x:.1f},{worst}V{y:.1f}" if rising else f"M{axes.x.start},{y:.1f}H{x:.1f}"
    for x, y in rest:
        path += f"H{x:.1f}V{y:.1f}" if rising else f"V{y:.1f}H{x:.1f}"
    path += f"H{axes.x.end}" if rising else f"V{worst}"
    return element("path", d=path, class_=f"steps {style}")


def _marks(axes: Axes, front: Sequence[Spot], style: str) -> Iterator[Markup]:
    for it in front:
        yield element(
            "circle",
            element("title", it.words),
            cx=axes.x(it.x),
            cy=axes.y(it.y),
            r=5,
            class_=f"moment {style}",
        )
