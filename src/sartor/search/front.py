"""Fronts: which designs no other one beats, how good they are together, which to pick."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sartor.search.protocol import Numbers
from sartor.units import Direction

Indices = npt.NDArray[np.int64]


def costs(values: npt.ArrayLike, directions: Sequence[Direction]) -> Numbers:
    """Turn values of any direction, (p, m), into costs to be minimised."""
    signs = np.array([1.0 if way == "min" else -1.0 for way in directions])
    matrix = np.asarray(values, float).reshape(-1, len(directions))
    oriented: Numbers = matrix * signs
    return oriented


def non_dominated(values: npt.ArrayLike, directions: Sequence[Direction]) -> Indices:
    """Find the points that no other one beats in every respect.

    Equal points do not beat one another, so that all of them stay. A point with a NaN is never on
    the front and beats none.

    Args:
        values: Points, (p, m).
        directions: "max" or "min" per objective, (m,).

    Returns:
        Positions of the points of the front, ascending.

    Example:
        >>> non_dominated([[0.9, 5.0], [0.8, 3.0], [0.7, 4.0]], ["max", "min"])
        array([0, 1])
    """
    matrix = costs(values, directions)
    left = np.flatnonzero(~np.isnan(matrix).any(axis=1))
    left = left[np.lexsort(matrix[left].T[::-1])]
    return np.sort(left[_first_front(matrix[left])])


def _first_front(matrix: Numbers) -> npt.NDArray[np.bool_]:
    """Mark the front of points, (p, m), that are in lexicographic order, (p,)."""
    if matrix.shape[1] == 2:
        return _sweep(matrix)
    on_front = np.zeros(len(matrix), bool)
    left = np.arange(len(matrix))
    # Nothing later beats the first, so each pass settles one point and its twins.
    while len(left):
        rest = matrix[left]
        behind = (rest[0] <= rest).all(axis=1)
        on_front[left[(rest == rest[0]).all(axis=1)]] = True
        left = left[~behind]
    return on_front


def _sweep(matrix: Numbers) -> npt.NDArray[np.bool_]:
    """Mark the front of points in two objectives that are in lexicographic order."""
    second = matrix[:, 1]
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(second)[:-1]])
    on_front = second < best_before
    if len(second):
        on_front[0] = True  # even where its second cost is infinite
    # An equal point follows its twin and shares its fate.
    new = np.concatenate([[True], (matrix[1:] != matrix[:-1]).any(axis=1)])[: len(matrix)]
    first_twin = np.maximum.accumulate(np.where(new, np.arange(len(matrix)), 0))
    return on_front[first_twin]


def unsettled(
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    directions: Sequence[Direction],
    among: Sequence[int] | None = None,
) -> Indices:
    """Find the points that another one may beat in every respect, as far as intervals allow.

    Args:
        low: Lower ends, (p, m); where there is no interval both ends are the value.
        high: Upper ends, (p, m).
        directions: "max" or "min" per objective, (m,).
        among: Positions of the points that are asked for; all by default.

    Returns:
        Positions of those whose worst is beaten by the best of another, ascending; one with a
        NaN is none of them.

    Example:
        >>> unsettled([[0.88, 5], [0.80, 6]], [[0.92, 5], [0.84, 6]], ["max", "min"])
        array([1])
        >>> unsettled([[0.88, 5], [0.89, 6]], [[0.92, 5], [0.93, 6]], ["max", "min"])
        array([1])
        >>> unsettled([[0.88, 5], [0.93, 6]], [[0.92, 5], [0.95, 6]], ["max", "min"])
        array([], dtype=int64)
    """
    ends = np.stack([costs(low, directions), costs(high, directions)])
    best, worst = ends.min(axis=0), ends.max(axis=0)
    found = []
    for place in range(len(worst)) if among is None else sorted(among):
        beats = (best <= worst[place]).all(axis=1) & (best < worst[place]).any(axis=1)
        beats[place] = False
        if beats.any():
            found.append(place)
    return np.array(found, np.int64)


def fronts(matrix: Numbers, enough: int) -> list[Indices]:
    """Peel points off, front by front, until there are enough.

    Args:
        matrix: Costs to be minimised, (p, m), without NaN.
        enough: Points after which no further front is peeled off.

    Returns:
        Positions of the points of each front, at least one front (empty without points).

    Source:
        Deb et al. 2002, NSGA-II, section III.A; each front is found by sorting.
    """
    left = np.lexsort(matrix.T[::-1])  # once for all
    peeled: list[Indices] = []
    while not peeled or sum(map(len, peeled)) < min(enough, len(matrix)):
        on_front = _first_front(matrix[left])
        peeled.append(np.sort(left[on_front]))
        left = left[~on_front]
    return peeled


def hypervolume(
    values: npt.ArrayLike, directions: Sequence[Direction], reference: npt.ArrayLike
) -> float:
    """Measure the part of objective space that points beat, up to a reference point.

    Args:
        values: Points, (p, m). Those with a NaN, or not better than the reference, add nothing.
        directions: "max" or "min" per objective, (m,).
        reference: The worst that counts, (m,).

    Source:
        Zitzler and Thiele 1999, the S metric; computed by pymoo.

    Example:
        >>> hypervolume([[0.9, 5.0], [0.8, 3.0]], ["max", "min"], [0.5, 10.0])
        2.6
    """
    from pymoo.indicators.hv import HV

    worst = costs(reference, directions)[0]
    matrix = costs(values, directions)
    matrix = matrix[(matrix < worst).all(axis=1)]  # NaN compares as False
    if len(matrix) == 0:
        return 0.0
    front = np.unique(matrix[non_dominated(matrix, ["min"] * len(worst))], axis=0)
    return round(float(HV(ref_point=worst)(front)), 12)


def scaled(values: npt.ArrayLike, directions: Sequence[Direction]) -> Numbers:
    """Bring points to costs from 0 (best) to 1 (worst) per objective, (p, m).

    Costs that are all positive are compared by their logarithm: 1 to 2 ms is as far as 2 to 4 ms.
    """
    matrix = costs(values, directions)
    for column, way in enumerate(directions):
        if way == "min" and len(matrix) and np.nanmin(matrix[:, column]) > 0:
            matrix[:, column] = np.log(matrix[:, column])
    if len(matrix) == 0:
        return matrix
    low, high = np.nanmin(matrix, axis=0), np.nanmax(matrix, axis=0)
    shares: Numbers = (matrix - low) / np.where(high > low, high - low, 1.0)
    return shares


def choose(values: npt.ArrayLike, directions: Sequence[Direction], count: int) -> list[int]:
    """Choose `count` diverse points of the front: the best per objective, then the farthest.

    Args:
        values: Points, (p, m), of which only those on their front are chosen.
        directions: "max" or "min" per objective, (m,).
        count: How many; fewer are returned where the front has fewer different points.

    Returns:
        Positions in the order of choice: the best of each objective first, then the knee, then
        always the point that is farthest from those chosen.

    Example:
        >>> choose([[0.9, 8.0], [0.85, 4.0], [0.84, 3.9], [0.6, 1.0]], ["max", "min"], 3)
        [0, 3, 1]
    """
    front = non_dominated(values, directions)
    if len(front) == 0 or count < 1:
        return []
    points = scaled(np.asarray(values, float).reshape(-1, len(directions))[front], directions)
    # Ties of one objective are settled by the sum of the others.
    ends = [int(np.lexsort((points.sum(axis=1), column))[0]) for column in points.T]
    chosen = list(dict.fromkeys([*ends, _knee(points)]))[:count]
    while len(chosen) < count:
        gaps = np.linalg.norm(points[:, None] - points[chosen][None], axis=2).min(axis=1)
        farthest = int(np.argmax(gaps))
        if gaps[farthest] <= 0:
            break
        chosen.append(farthest)
    return [int(front[position]) for position in chosen]


def evenly(values: npt.ArrayLike, count: int, handicaps: npt.ArrayLike | None = None) -> list[int]:
    """Choose `count` of ascending values, the ends among them, whose steps are most alike.

    Whoever wants something between two of those chosen has to take the larger. With values that
    are the logarithm of a cost, what that costs on average is the sum of squared steps. Where one
    is as good as an ordinary one of a smaller value only, by its handicap, the next one has to do
    for more; what that adds is its handicap times the step after it, twice.

    Args:
        values: Ascending, (n,).
        count: How many; all are chosen where there are no more.
        handicaps: How much smaller the values of ordinary ones as good are, (n,); 0 by default.

    Returns:
        Ascending positions with the smallest sum; for `count` 1 the last one.

    Example:
        >>> evenly([0.0, 0.1, 1.2, 1.9, 3.1], 4)
        [0, 2, 3, 4]
        >>> evenly([0.0, 1.0, 1.2, 2.0], 3, [0.0, 0.4, 0.0, 0.0])
        [0, 2, 3]
    """
    points = np.asarray(values, float)
    if count >= len(points):
        return list(range(len(points)))
    if count < 1:
        return []
    steps = points - points[:, None]  # (n, n)
    late = np.zeros(len(points)) if handicaps is None else np.asarray(handicaps, float)
    lost = steps * (steps + 2 * late[:, None])
    lost[np.tril_indices(len(points))] = np.inf
    # The smallest sum of a path from the first value to each, and where it came from.
    sums = np.where(np.arange(len(points)) == 0, 0.0, np.inf)
    before = []
    for _ in range(count - 1):
        paths = sums[:, None] + lost
        before.append(paths.argmin(0))
        sums = paths.min(0)
    chosen = [len(points) - 1]
    for came_from in reversed(before):
        chosen.append(int(came_from[chosen[-1]]))
    return chosen[::-1]


def knee(values: npt.ArrayLike, directions: Sequence[Direction]) -> int | None:
    """Find the point of the front farthest beyond the plane through its ends, None if empty.

    Source:
        Das 1999, "On characterizing the knee of the Pareto curve". Simplified: the plane through
        the scaled ideal ends, on which all costs add up to 1.
    """
    front = non_dominated(values, directions)
    if len(front) == 0:
        return None
    points = np.asarray(values, float).reshape(-1, len(directions))[front]
    return int(front[_knee(scaled(points, directions))])


def _knee(points: Numbers) -> int:
    return int(np.argmin(points.sum(axis=1)))
