"""Choose a batch that improves a front most, and is diverse."""

import numpy as np
import numpy.typing as npt

from sartor.search.front import non_dominated
from sartor.search.protocol import Numbers

MARGIN = 0.1
"""How far beyond the worst point the reference lies, in units of the range."""
SPACING = 2
"""Designs of a batch stand apart by the range over so many times their number, if they can."""
NEARBY = 0.2
"""What a design counts that is expected to equal a chosen one."""
MOST = 400
"""Candidates that are compared one by one."""
FEW = 40
"""The same with more than two objectives, where the comparison takes a hundred times as long."""


def improving_batch(front: Numbers, possible: Numbers, expected: Numbers, count: int) -> list[int]:
    """Choose candidates one after another by the hypervolume each is expected to add.

    A chosen one then counts with what is expected of it, and those that are expected to equal it
    count less.

    Args:
        front: Points known, (p, m), as costs between about 0 and 1.
        possible: Candidates as they may turn out, each as likely, (possibilities, n, m).
        expected: Candidates as expected, (n, m).
        count: How many to choose.

    Returns:
        Positions of the chosen; fewer where no candidate is left that adds anything.
    """
    if len(expected) == 0:
        return []
    reference = np.vstack([front, expected, possible.max(axis=0)]).max(axis=0) + MARGIN
    pool = _thinned(possible.min(axis=0), MOST if len(reference) == 2 else FEW)
    known = front
    chosen: list[int] = []
    left = np.ones(len(pool), bool)
    apart = np.ones(len(pool))
    while len(chosen) < count and left.any():
        gains = np.mean([added(known, points[pool], reference) for points in possible], axis=0)
        gains = np.where(left, apart * gains, -np.inf)
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        left[best] = False
        chosen.append(int(pool[best]))
        known = np.vstack([known, expected[pool[best]]])
        distance = np.abs(expected[pool] - expected[pool[best]]).max(axis=1)
        apart = np.minimum(apart, NEARBY + (1 - NEARBY) * distance * SPACING * count)
    return chosen


def added(front: Numbers, points: Numbers, reference: Numbers) -> Numbers:
    """Return by how much each point alone would enlarge the hypervolume of a front, (n,).

    Args:
        front: Costs, (p, m).
        points: Costs, (n, m).
        reference: The worst that counts, (m,).
    """
    front = front[(front < reference).all(axis=1)]
    if len(front):
        front = front[non_dominated(front, ["min"] * len(reference))]
    if len(reference) == 2:
        return _added_in_plane(front, points, reference)
    return np.array([_added_by_one(front, point, reference) for point in points])


def _added_in_plane(front: Numbers, points: Numbers, reference: Numbers) -> Numbers:
    """Add up the strips between neighbours of the front that each point reaches into."""
    front = front[np.argsort(front[:, 0])]
    left = np.concatenate([[-np.inf], front[:, 0]])  # (p+1,) strips from left to right
    right = np.concatenate([front[:, 0], [reference[0]]])
    top = np.concatenate([[reference[1]], front[:, 1]])
    width = np.maximum(0.0, right - np.maximum(left, points[:, :1]))  # (n, p+1)
    height = np.maximum(0.0, top - points[:, 1:])
    gains: Numbers = (width * height).sum(axis=1)
    return gains


def _added_by_one(front: Numbers, point: Numbers, reference: Numbers) -> float:
    """Subtract from the box of a point what the front already has of it."""
    from pymoo.indicators.hv import HV

    if (point >= reference).any():
        return 0.0
    box = float(np.prod(reference - point))
    if len(front) == 0:
        return box
    return box - float(HV(ref_point=reference)(np.maximum(front, point)))


def _thinned(points: Numbers, count: int) -> npt.NDArray[np.int64]:
    """Keep the candidates of the first fronts, at most `count`."""
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    fronts = NonDominatedSorting().do(points, n_stop_if_ranked=count)
    kept: npt.NDArray[np.int64] = np.concatenate(fronts).astype(np.int64)
    return kept[:count]
