"""The roofline: work per second over work per byte, and what the device allows."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sartor.report.markup import Markup, element
from sartor.report.measurement import Operator, RooflineData
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.kinds import styles, words
from sartor.report.pictures.labels import LETTER, LINE, Box, Label, cut, place
from sartor.report.pictures.scale import Scale, padded

WIDTH, HEIGHT = 780, 460
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 18, 50
LARGEST, SMALLEST = 26.0, 2.5
"""Radius in pixels of an operation that takes all the time, and of one that takes next to none."""
NAMED, LETTERS = 5, 22
"""Operations that are named, those that take longest, and letters of a name."""


def roofline(operators: Sequence[Operator], roofs: RooflineData) -> Markup:
    """Draw each operation below the roofs; its area is its share of the time.

    Args:
        operators: Those without multiply-adds, without bytes or without time have no place.
        roofs: Of the device.
    """
    shown = [it for it in operators if _point(it) is not None]
    axes = _axes(shown, roofs)
    slopes, style_of = _slopes(axes, roofs), styles(operators)
    used = {it["precision"] for it in shown}
    parts = [
        *axes.grid(),
        *(part for it in slopes for part in _slope(it)),
        *_peaks(axes, roofs, used),
        *(_circle(axes, it, style_of[it["kind"]]) for it in _longest_first(shown)),
        *_names(axes, shown, [box for it in slopes for box in it.boxes()]),
    ]
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front roofline",
        role="img",
        aria_label="Multiply-adds per second over multiply-adds per byte, with the roofs",
    )


def _point(it: Operator) -> tuple[float, float] | None:
    """Return multiply-adds per byte, and billions of them per second."""
    if not it["macs"] or not it["bytes"] or not it["milliseconds"]:
        return None
    return it["macs"] / it["bytes"], it["macs"] / it["milliseconds"] / 1e6


def _axes(shown: Sequence[Operator], roofs: RooflineData) -> Axes:
    points = [point for it in shown if (point := _point(it)) is not None]
    peaks = [it["macs_per_second"] / 1e9 for it in roofs["peaks"].values()]
    ridge = max(peaks) * 1e9 / roofs["roofs"][-1]["bytes_per_second"]
    left, right = padded([*(x for x, _ in points), ridge], log=True, least=10)
    low, high = padded([*(y for _, y in points), *peaks], log=True, least=10)
    return Axes(
        x=Scale(left, right, LEFT, WIDTH - RIGHT, log=True),
        y=Scale(low, high, HEIGHT - BOTTOM, TOP, log=True),
        x_title="multiply-adds per byte that is read or written (logarithmic)",
        y_title="billion multiply-adds per second (logarithmic)",
    )


def _longest_first(shown: Sequence[Operator]) -> list[Operator]:
    return sorted(shown, key=lambda it: -it["milliseconds"])


def _peaks(axes: Axes, roofs: RooflineData, used: set[str]) -> Iterator[Markup]:
    """Draw the peak of every precision; those that the network does not use are faint."""
    fastest = roofs["roofs"][0]["bytes_per_second"]
    for precision, peak in roofs["peaks"].items():
        speed = peak["macs_per_second"] / 1e9
        start = max(axes.x.start, axes.x(peak["macs_per_second"] / fastest))
        y, faint = axes.y(speed), "" if precision in used else " faint"
        yield element("line", x1=start, x2=axes.x.end, y1=y, y2=y, class_=f"roof{faint}")
        text = f"{precision}: {speed:.3g} billion/s"
        yield element(
            "text", text, x=axes.x.end - 6, y=y - 5, text_anchor="end", class_=f"roof name{faint}"
        )


@dataclass(frozen=True, slots=True)
class _Slope:
    """The work that a roof of bytes allows: a line in pixels, and the text along its upper end."""

    start: tuple[float, float]
    end: tuple[float, float]
    text: str

    @property
    def angle(self) -> float:
        """Radians; below 0, since pixels are counted downwards."""
        (left, bottom), (right, top) = self.start, self.end
        return math.atan2(top - bottom, right - left)

    def boxes(self) -> list[Box]:
        """Return small boxes along the text, which stay free of names."""
        far = [LETTER * at for at in range(len(self.text) + 3)]
        places = [
            (self.end[0] - it * math.cos(self.angle), self.end[1] - it * math.sin(self.angle))
            for it in far
        ]
        return [(x - LINE, y - LINE, x + LINE / 2, y + LINE / 2) for x, y in places]


def _slopes(axes: Axes, roofs: RooflineData) -> list[_Slope]:
    """Return the roofs of bytes up to the highest peak, as far as they are in the picture."""
    top = max(it["macs_per_second"] for it in roofs["peaks"].values()) / 1e9
    found = []
    for roof in roofs["roofs"]:
        speed = roof["bytes_per_second"] / 1e9
        first = max(axes.x.low, axes.y.low / speed)
        last = min(axes.x.high, top / speed)
        if last > first:
            start = axes.x(first), axes.y(speed * first)
            end = axes.x(last), axes.y(speed * last)
            found.append(_Slope(start, end, f"{roof['name']}: {speed:.3g} GB/s"))
    return found


def _slope(it: _Slope) -> Iterator[Markup]:
    (x, y), (right, top) = it.start, it.end
    yield element("line", x1=x, y1=y, x2=right, y2=top, class_="roof")
    yield element(
        "text", it.text, x=right - 14, y=top - 5, text_anchor="end", class_="roof name small",
        transform=f"rotate({math.degrees(it.angle):.1f} {right:.1f} {top:.1f})",
    )  # fmt: skip


def _circle(axes: Axes, it: Operator, style: str) -> Markup:
    x, y = _place(axes, it)
    radius = max(SMALLEST, LARGEST * math.sqrt(it["share"]))
    told = words(it)
    drawn = element("circle", cx=x, cy=y, r=radius, class_=f"step {style}")
    return element("g", element("title", told), drawn, tabindex=0, role="img", aria_label=told)


def _names(axes: Axes, shown: Sequence[Operator], beside: Sequence[Box]) -> Iterator[Markup]:
    labels = [
        Label(*_place(axes, it), cut(it["name"], LETTERS)) for it in _longest_first(shown)[:NAMED]
    ]
    inside = (axes.x.start, axes.y.end, axes.x.end, axes.y.start)
    for label, (x, y) in zip(labels, place(labels, inside, beside=beside), strict=True):
        yield element("text", label.text, x=x, y=y, class_="name")


def _place(axes: Axes, it: Operator) -> tuple[float, float]:
    point = _point(it)
    assert point is not None, it["name"]
    return axes.x(point[0]), axes.y(point[1])
