"""Where names stand beside points, so that nothing covers anything."""

from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
LETTER, LINE = 8.4, 14.0
"""Pixels of an average letter and of a line, at the size of the page's picture text, bold, in the
widest of its fonts."""
POINT = 8.0
"""Pixels around the centre of a point that stay free."""
SHIFTS = ((1, -1), (-1, -1), (1, 1), (-1, 1), (0, -1), (0, 1), (1, 0), (-1, 0))
"""Sides of the point that are tried in turn, right above first."""
DISTANCES = (11.0, 22.0, 36.0)


@dataclass(frozen=True, slots=True)
class Label:
    """A text that belongs to a point."""

    x: float
    y: float
    text: str


def cut(name: str, letters: int) -> str:
    """Shorten a name that is longer than so many letters.

    Example:
        >>> cut("mobilenetv3_small", 10)
        'mobilenet…'
    """
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def place(
    labels: Sequence[Label], inside: Box, *, beside: Sequence[Box] = ()
) -> list[tuple[float, float]]:
    """Return where each text begins: left end and base line, in pixels.

    Each label takes the nearest place that is free of points and of the labels before it; where
    there is none, the one that covers least.

    Args:
        labels: In order of importance.
        inside: The box that no label should leave.
        beside: Boxes that are taken already.
    """
    points = [(it.x - POINT, it.y - POINT, it.x + POINT, it.y + POINT) for it in labels]
    taken = list(beside)
    placed = []
    for label in labels:
        boxes = [_box(label, dx, dy, far) for far in DISTANCES for dx, dy in SHIFTS]
        best = min(boxes, key=lambda box: _cost(box, [*points, *taken], inside))
        taken.append(best)
        placed.append((best[0], best[3] - 3.5))
    return placed


def _box(label: Label, dx: int, dy: int, far: float) -> Box:
    width = LETTER * len(label.text)
    left = {1: label.x + far, -1: label.x - far - width, 0: label.x - width / 2}[dx]
    top = {1: label.y + far - 5, -1: label.y - far - LINE + 5, 0: label.y - LINE / 2}[dy]
    return (left, top, left + width, top + LINE)


def _cost(box: Box, taken: Sequence[Box], inside: Box) -> float:
    outside = (
        max(0.0, inside[0] - box[0])
        + max(0.0, inside[1] - box[1])
        + max(0.0, box[2] - inside[2])
        + max(0.0, box[3] - inside[3])
    )
    return 100 * outside + sum(_shared(box, other) for other in taken)


def _shared(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)
