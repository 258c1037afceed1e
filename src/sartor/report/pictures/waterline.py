"""The waterline: how near to the peak each operation comes, and how long that lasts."""

from collections.abc import Iterator, Sequence

from sartor.report.markup import Markup, element
from sartor.report.measurement import Operator
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.kinds import percent, styles, words
from sartor.report.pictures.scale import Scale

WIDTH, HEIGHT = 780, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 22, 50


def waterline(operators: Sequence[Operator]) -> Markup:
    """Draw each operation as wide as its time and as high as its efficiency.

    Areas are times at the peak, so the waterline, the efficiency of the network, is the height at
    which they would stand if they were poured together.

    Args:
        operators: In the order of execution, with some time among them.

    Source:
        After the waterline of Lavin 2024, arXiv:2404.03617. Differs: the width is time.
    """
    total = sum(it["milliseconds"] for it in operators)
    level = sum(it["at_peak_ms"] or 0.0 for it in operators) / total
    highest = max([1.0, *(it["efficiency"] or 0.0 for it in operators)])
    axes = Axes(
        x=Scale(0, total, LEFT, WIDTH - RIGHT),
        y=Scale(0, 1.05 * highest, HEIGHT - BOTTOM, TOP),
        x_title="time, ms, in the order of execution",
        y_title="share of the peak, %",
        y_text=lambda share: f"{100 * share:g}",
    )
    return element(
        "svg",
        *axes.grid(),
        *_columns(axes, operators),
        *_level(axes, level),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front waterline",
        role="img",
        aria_label="Share of the peak that each operation reaches, over time",
    )


def _columns(axes: Axes, operators: Sequence[Operator]) -> Iterator[Markup]:
    style_of, start, bottom = styles(operators), 0.0, axes.y.start
    roof = f"M{axes.x.start:.1f},{bottom:.1f}"
    for it in operators:
        left, right = axes.x(start), axes.x(start + it["milliseconds"])
        start += it["milliseconds"]
        height = bottom - axes.y(it["efficiency"] or 0.0)
        column = element(
            "rect", x=left, y=bottom - height, width=right - left, height=height,
            class_=f"step {style_of[it['kind']]}",
        )  # fmt: skip
        # The whole height answers to the pointer: a column without work is nothing to hit.
        field = element(
            "rect", x=left, y=axes.y.end, width=right - left, height=bottom - axes.y.end,
            class_="field",
        )  # fmt: skip
        yield element("g", element("title", words(it)), field, column)
        roof += f"V{axes.y(_attainable(it)):.1f}H{right:.1f}"
    yield element("path", d=roof, class_="attainable")


def _attainable(it: Operator) -> float:
    """Return the share of the peak that the roofs allow; 0 where nothing is known."""
    if it["at_peak_ms"] is None or not it["attainable_ms"]:
        return 0.0
    return it["at_peak_ms"] / it["attainable_ms"]


def _level(axes: Axes, level: float) -> Iterator[Markup]:
    y = axes.y(level)
    yield element("line", x1=axes.x.start, x2=axes.x.end, y1=y, y2=y, class_="level")
    text = f"waterline: {percent(level)}"
    yield element("text", text, x=axes.x.end - 6, y=y - 6, text_anchor="end", class_="level name")
