"""Brings times to one speed of the machine.

What makes a shared core slower slows short networks, which compute in the caches, more than long
ones, which wait for memory. So some anchors are short and some are long, and a network is brought
to the usual pace by those that are about as long as it is.
"""

from collections.abc import Sequence

import numpy as np

from sartor.cost.kernels.sample import Pace, Sample
from sartor.cost.kernels.table import Matrix, Vector


def paced(samples: Sequence[Sample], pace: Pace | None = None) -> tuple[Vector, Pace]:
    """Return the milliseconds of samples, (n,), as if all had been timed at the same pace.

    Args:
        samples: At least one.
        pace: By default the usual one, the median.

    Returns:
        The milliseconds, and the pace.
    """
    paces = _matrix(samples)
    if pace is None:
        short, long = np.median(paces, axis=0).tolist()
        pace = short, long
    return at_pace(np.array([it.milliseconds for it in samples]), paces, pace), pace


def at_pace(milliseconds: Vector, paces: Matrix, usual: Pace) -> Vector:
    """Return milliseconds as they are at the usual pace, (n,).

    Args:
        milliseconds: (n,).
        paces: Of the anchors that were timed with each, (n, 2).
        usual: The pace that they are brought to.
    """
    short, long = np.log(usual)
    slowness = np.log(paces) - np.log(usual)
    length = (np.log(milliseconds) - short) / max(long - short, 1e-9)
    share = np.clip(length, 0, 1)  # of the long anchors
    brought: Vector = milliseconds * np.exp(-(1 - share) * slowness[:, 0] - share * slowness[:, 1])
    return brought


def slowness_of(samples: Sequence[Sample]) -> Vector:
    """Return the logarithm of how slow the machine was with each sample, (n,): usually 0.

    Samples that were timed in turn have the same one, and no others.
    """
    logs: Vector = np.log(_matrix(samples)).mean(1)
    return logs - np.median(logs)


def _matrix(samples: Sequence[Sample]) -> Matrix:
    return np.array([it.pace for it in samples])
