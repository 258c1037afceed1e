"""An axis for the values of any metric."""

from collections.abc import Sequence

from sartor.report.pictures.scale import Scale, padded
from sartor.units import Direction

WIDE = 5.0
"""Costs whose largest is so many times the smallest stand on a logarithmic axis."""
TINY = 1e-9
"""What is smaller is drawn as 0; ticks have no more digits."""
LEAST, LEAST_RATIO = 0.02, 1.4
"""The smallest range: a share of the largest value, or a ratio."""


def axis(values: Sequence[float], way: Direction, start: float, end: float) -> Scale:
    """Return an axis that holds all values, from pixel `start` to `end`.

    Args:
        values: At least one.
        way: What is better; costs, which are to be low, may have a logarithmic axis.
        start: Pixel of the lowest.
        end: Pixel of the highest.
    """
    largest = max(map(abs, values))
    log = way == "min" and min(values) > TINY and max(values) / min(values) > WIDE
    if log:
        low, high = padded([*values], log=True, least=LEAST_RATIO)
    else:
        low, high = padded([*values], least=LEAST * largest if largest > TINY else 1.0)
    return Scale(low, high, start, end, log=log)
