"""Brings times to one speed of the machine."""

from collections.abc import Sequence

import numpy as np

from sartor.cost.kernels.sample import Sample
from sartor.cost.kernels.table import Vector


def paced(samples: Sequence[Sample], pace: float | None = None) -> tuple[Vector, float]:
    """Return the milliseconds of samples, (n,), as if all had been timed at the same pace.

    Args:
        samples: At least one.
        pace: Milliseconds of the anchors; by default the usual ones, their median.

    Returns:
        The milliseconds, and the pace.
    """
    paces = np.array([it.pace for it in samples])
    usual = float(np.median(paces)) if pace is None else pace
    return np.array([it.milliseconds for it in samples]) * usual / paces, usual
