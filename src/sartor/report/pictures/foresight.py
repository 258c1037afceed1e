"""What was measured over what had been predicted."""

from collections.abc import Iterator, Sequence

from sartor.report.amounts import amount, ruler
from sartor.report.markup import Markup, element
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.labels import Label, place
from sartor.report.pictures.range import axis
from sartor.units import Direction

WIDTH, HEIGHT = 780, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 16, 50


def foresight(
    metric: str,
    way: Direction,
    predicted: Sequence[float],
    measured: Sequence[float],
    named: dict[int, str],
) -> Markup:
    """Draw a point for each design, and the line on which predictions are right.

    Args:
        metric: Of both axes.
        way: What is better.
        predicted: Values, (n,), at least one.
        measured: Values, (n,).
        named: Names of some points, by position.
    """
    both = [*predicted, *measured]
    rule = ruler(metric, both)
    x, y = axis(both, way, LEFT, WIDTH - RIGHT), axis(both, way, HEIGHT - BOTTOM, TOP)
    tail = " (logarithmic)" if x.log else ""
    axes = Axes(
        x=x,
        y=y,
        x_title=f"predicted {rule.title}{tail}",
        y_title=f"measured {rule.title}{tail}",
        x_text=rule.text,
        y_text=rule.text,
    )
    pairs = list(zip(predicted, measured, strict=True))
    order = sorted(range(len(pairs)), key=lambda at: at in named)  # what has a name is not covered
    right = element("line", x1=x.start, y1=y.start, x2=x.end, y2=y.end, class_="right")
    return element(
        "svg",
        *axes.grid(),
        right,
        *(_point(axes, metric, pairs[at], named.get(at)) for at in order),
        *_names(axes, [(predicted[at], measured[at], name) for at, name in named.items()]),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front",
        role="img",
        aria_label=f"Measured over predicted {rule.title}",
    )


def _point(axes: Axes, metric: str, pair: tuple[float, float], name: str | None) -> Markup:
    predicted, measured = pair
    words = f"predicted {amount(metric, predicted)}, measured {amount(metric, measured)}"
    return element(
        "circle",
        element("title", words if name is None else f"{name}: {words}"),
        cx=axes.x(predicted),
        cy=axes.y(measured),
        r=3.5 if name is None else 5.5,
        class_="guess" if name is None else "guess worst",
    )


def _names(axes: Axes, named: Sequence[tuple[float, float, str]]) -> Iterator[Markup]:
    labels = [Label(axes.x(x), axes.y(y), name) for x, y, name in named]
    inside = (axes.x.start, axes.y.end, axes.x.end, axes.y.start)
    for label, (x, y) in zip(labels, place(labels, inside), strict=True):
        yield element("text", label.text, x=x, y=y, class_="name versus")
