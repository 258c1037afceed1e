"""Choose a batch that improves a front most, and is diverse."""

import numpy as np

from sartor.search.front import Indices, fronts, non_dominated
from sartor.search.protocol import Numbers

SPACING = 2
"""Designs of a batch stand apart by the range over so many times their number, if they can."""
NEARBY = 0.2
"""What a design counts that is expected to equal a chosen one."""
MOST = 500
"""Candidates that are compared one by one."""
AT_ONCE = 32
"""Of these looked at first, when what they add has changed."""
FEW = 40
"""The same with more than two objectives, where the comparison takes a hundred times as long."""


def improving_batch(
    front: Numbers,
    possible: Numbers,
    expected: Numbers,
    count: int,
    weights: Numbers,
    *,
    spaced: bool = True,
) -> Indices:
    """Choose candidates one after another by the hypervolume each may add.

    A chosen one then counts with what is expected of it.

    Args:
        front: Points known, (p, m), as costs of which 1 is the worst that counts.
        possible: Candidates as they may turn out, each as likely, (possibilities, n, m); infinite
            where that is of no use.
        expected: Candidates as expected, (n, m).
        count: How many to choose.
        weights: What a gain by each counts, (n,).
        spaced: Those that are expected to equal a chosen one count less.

    Returns:
        Positions of the chosen; fewer where no candidate is left that adds anything.
    """
    reference = np.ones(expected.shape[1])
    pool = _promising(front, possible, weights, reference)
    known = front
    chosen: list[int] = []
    apart = weights[pool]
    gains = np.full(len(pool), np.inf)
    while len(chosen) < count and len(pool):
        # Gains only shrink while the front grows, so that those that were lower need no new look.
        first = np.argsort(-apart * gains, kind="stable")[:AT_ONCE]
        gains[first] = _expected_gains(known, possible[:, pool[first]], reference)
        others = np.flatnonzero(apart * gains > (apart * gains)[first].max())
        others = np.setdiff1d(others, first)
        gains[others] = _expected_gains(known, possible[:, pool[others]], reference)
        best = int(np.argmax(apart * gains))
        if apart[best] * gains[best] <= 0:
            break  # none is left, or none that adds anything
        chosen.append(int(pool[best]))
        known = np.vstack([known, expected[pool[best]]])
        if spaced:
            distance = np.abs(expected[pool] - expected[pool[best]]).max(axis=1)
            near = np.minimum(1, NEARBY + (1 - NEARBY) * distance * SPACING * count)
            apart = np.minimum(apart, weights[pool] * near)
        apart[best] = 0.0
    return np.array(chosen, np.int64)


def _promising(front: Numbers, possible: Numbers, weights: Numbers, reference: Numbers) -> Indices:
    """Return the candidates that alone add most, most first."""
    if len(reference) > 2:  # too many to compare: those that may turn out best
        return fronts(possible.min(axis=0), FEW)[0][:FEW]
    gains = weights * _expected_gains(front, possible, reference)
    return np.argsort(-gains, kind="stable")[: min(MOST, int((gains > 0).sum()))]


def _expected_gains(front: Numbers, possible: Numbers, reference: Numbers) -> Numbers:
    """Average the square roots of what candidates may add, (n,).

    Between what is gained and how likely anything is gained: those that promise most by an unlikely
    turn are chosen again and again else, which disappoint (docs/benchmarks.md).
    """
    gains = added(front, possible.reshape(-1, len(reference)), reference)
    means: Numbers = np.sqrt(gains).reshape(possible.shape[:2]).mean(axis=0)
    return means


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
    if len(reference) == 1:
        best = min([reference[0], *front[:, 0]])
        less: Numbers = np.maximum(0.0, best - points[:, 0])
        return less
    if len(reference) == 2:
        return _added_in_plane(front, points, reference)
    return np.array([_added_by_one(front, point, reference) for point in points])


def _added_in_plane(front: Numbers, points: Numbers, reference: Numbers) -> Numbers:
    """Add up the strips between neighbours of the front that each point reaches into.

    A point reaches into that in which it lies and into those right of it whose top is above it; by
    running sums the work does not grow with the front.
    """
    gains = np.zeros(len(points))
    inside = np.flatnonzero((points < reference).all(axis=1))
    x, y = points[inside].T
    order = np.argsort(front[:, 0])
    left, below = front[order].T
    right = np.concatenate([left, reference[:1]])  # (p+1,) strips from left to right
    top = np.concatenate([reference[1:], below])
    width = np.diff(right, prepend=0.0)  # that of the first strip, without an end, is never asked
    wide, area = (np.concatenate([[0.0], np.cumsum(it)]) for it in (width, width * top))
    own = np.searchsorted(left, x, side="right")
    end = np.searchsorted(-top, -y, side="left")  # the first strip whose top is not above it
    after = own + 1
    reached = (right[own] - x) * (top[own] - y)
    reached += area[end] - area[after.clip(max=end)] - y * (wide[end] - wide[after.clip(max=end)])
    gains[inside] = np.where(own < end, np.maximum(0.0, reached), 0.0)
    return gains


def _added_by_one(front: Numbers, point: Numbers, reference: Numbers) -> float:
    """Subtract from the box of a point what the front already has of it."""
    from pymoo.indicators.hv import HV

    # A beaten point adds nothing exactly: what rounding leaves is no longer small as a root.
    if (point >= reference).any() or (front <= point).all(axis=1).any():
        return 0.0
    box = float(np.prod(reference - point))
    if len(front) == 0:
        return box
    return max(0.0, box - float(HV(ref_point=reference)(np.maximum(front, point))))
