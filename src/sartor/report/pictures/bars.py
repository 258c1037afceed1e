"""Horizontal bars with their names and values."""

from collections.abc import Sequence

from sartor.report.markup import Markup, element

WIDTH, ROW = 560, 26
LEFT, RIGHT = 90, 120


def bars(rows: Sequence[tuple[str, float, str]], words: str, *, left: int = LEFT) -> Markup:
    """Draw bars, the longest over the whole width.

    Args:
        rows: Name, length (0 or more, any unit) and the text that stands behind the bar.
        words: What the picture shows, for those who do not see it.
        left: Pixels for the names.
    """
    longest = max((length for _, length, _ in rows), default=1.0) or 1.0
    parts: list[Markup] = []
    for index, (name, length, text) in enumerate(rows):
        y = ROW * index
        width = max(2.0, (WIDTH - left - RIGHT) * length / longest)
        parts.append(element("text", name, x=0, y=y + 17))
        parts.append(
            element("rect", x=left, y=y + 5, width=width, height=ROW - 10, rx=2, class_="time")
        )
        parts.append(element("text", text, x=left + width + 8, y=y + 17))
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {ROW * len(rows)}",
        class_="bars",
        role="img",
        aria_label=words,
    )
