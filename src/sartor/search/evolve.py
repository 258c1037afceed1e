"""What evolution needs of a space: ranks and crowding by pymoo, children by the space."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sartor.search.front import Indices
from sartor.search.protocol import Numbers
from sartor.space import Design, Space


@dataclass(frozen=True, slots=True)
class Ranked:
    """Survivors of a selection, best first where one must be preferred."""

    chosen: Indices
    """Positions of the survivors, (survivors,)."""
    rank: Indices
    """Number of the front each stands on, from 0; those over the limits come after all others."""
    crowding: Numbers
    """Distance to its neighbours on the front; larger is lonelier."""


def survive(matrix: Numbers, excess: Numbers, count: int, rng: np.random.Generator) -> Ranked:
    """Select by constrained domination: fronts first, lonely points of the last one before others.

    Args:
        matrix: Costs to be minimised, (n, m), without NaN.
        excess: By how much each misses the limits, (n,); 0 where they are kept.
        count: How many survive, at most.
        rng: Settles ties.

    Source:
        Deb et al. 2002, NSGA-II, sections III and VI; ranks and crowding computed by pymoo.
    """
    from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    kept = np.flatnonzero(excess <= 0)
    fronts = [kept[front] for front in NonDominatedSorting().do(matrix[kept])] if len(kept) else []
    missed = np.flatnonzero(excess > 0)
    fronts += [missed[[place]] for place in np.argsort(excess[missed], kind="stable")]
    chosen, ranks, crowds = [], [], []
    left = count
    for number, front in enumerate(fronts):
        crowding = np.asarray(calc_crowding_distance(matrix[front]), float)
        order = np.lexsort((rng.random(len(front)), -crowding))[:left]
        chosen.append(front[order])
        crowds.append(crowding[order])
        ranks.append(np.full(len(order), number))
        left -= len(order)
        if left <= 0:
            break
    if not chosen:
        return Ranked(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return Ranked(np.concatenate(chosen), np.concatenate(ranks), np.concatenate(crowds))


def breed(
    space: Space,
    parents: Sequence[Design],
    ranked: Ranked,
    count: int,
    rng: np.random.Generator,
    exclude: Collection[Design],
) -> list[Design]:
    """Make up to `count` new designs from survivors: binary tournaments, crossing, mutation.

    Args:
        space: Of the designs; crosses and mutates them.
        parents: The survivors, in the order of `ranked`.
        ranked: Who wins a tournament.
        count: Children wanted; four times as many are tried.
        rng: Randomness.
        exclude: Designs that are not wanted as children.
    """
    children: dict[Design, None] = {}
    place = np.empty(len(parents), np.int64)
    place[np.lexsort((-ranked.crowding, ranked.rank))] = np.arange(len(parents))
    for _ in range(4 * count):
        if len(children) >= count:
            break
        # Of each pair the one that stands better is a parent.
        pairs = rng.integers(len(parents), size=(2, 2))
        one, other = (pair[np.argmin(place[pair])] for pair in pairs)
        child = parents[one]
        if rng.random() < 0.9:
            child = space.cross(child, parents[other], rng)
        child = space.mutate(child, rng, 1 / len(space))
        if child not in exclude:
            children[child] = None
    return list(children)
