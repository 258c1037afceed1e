"""Memory over the order of operations, with the peak marked."""

from collections.abc import Iterator

from sartor.report.markup import Markup, element
from sartor.report.measurement import MemoryData
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.labels import cut
from sartor.report.pictures.scale import Scale
from sartor.units import show

WIDTH, HEIGHT = 780, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 34, 50
LETTERS = 30
"""Of the name of an operation."""


def memory(plan: MemoryData) -> Markup:
    """Draw the bytes that are live while each operation runs.

    Args:
        plan: With at least one operation.
    """
    live = [it["live_bytes"] for it in plan["operations"]]
    most = max([*live, plan["arena_bytes"], 1])
    factor, unit = (1e6, "MB") if most >= 1e6 else (1e3, "kB")
    axes = Axes(
        x=Scale(0, len(live), LEFT, WIDTH - RIGHT),
        y=Scale(0, 1.08 * most / factor, HEIGHT - BOTTOM, TOP),
        x_title="operations of the file, in order",
        y_title=f"live tensors, {unit}",
    )
    return element(
        "svg",
        *axes.grid(),
        *_columns(axes, plan, factor),
        *_marks(axes, plan, factor),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front memory",
        role="img",
        aria_label="Bytes of live tensors while each operation runs",
    )


def _columns(axes: Axes, plan: MemoryData, factor: float) -> Iterator[Markup]:
    bottom = axes.y.start
    for at, it in enumerate(plan["operations"]):
        left, right = axes.x(at), axes.x(at + 1)
        y = axes.y(it["live_bytes"] / factor)
        told = f"{it['name']}: {show('peak_bytes', it['live_bytes'])}"
        column = element(
            "rect", x=left, y=y, width=right - left + 0.3, height=bottom - y, class_="live"
        )
        yield element("g", element("title", told), column)


def _marks(axes: Axes, plan: MemoryData, factor: float) -> Iterator[Markup]:
    """Name the peak, and draw the arena where it is larger."""
    at, peak = max(enumerate(plan["operations"]), key=lambda it: it[1]["live_bytes"])
    x, y = axes.x(at + 0.5), axes.y(peak["live_bytes"] / factor)
    on_left = x > (axes.x.start + axes.x.end) / 2
    text = f"peak: {show('peak_bytes', peak['live_bytes'])} at {cut(peak['name'], LETTERS)}"
    yield element("circle", cx=x, cy=y, r=4, class_="point versus")
    yield element(
        "text", text, x=x - 10 if on_left else x + 10, y=TOP - 14,
        text_anchor="end" if on_left else "start", class_="name versus",
    )  # fmt: skip
    yield element("line", x1=x, x2=x, y1=y - 5, y2=TOP - 18, class_="pointer")
    if plan["arena_bytes"] > 1.005 * peak["live_bytes"]:
        y = axes.y(plan["arena_bytes"] / factor)
        yield element("line", x1=axes.x.start, x2=axes.x.end, y1=y, y2=y, class_="limit")
        arena = f"arena: {show('peak_bytes', plan['arena_bytes'])}"
        yield element("text", arena, x=axes.x.end - 6, y=y + 15, text_anchor="end", class_="limit")
