"""Who survives a generation: selection by constrained domination, computed by pymoo."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.search.front import Indices, fronts
from sartor.search.protocol import Numbers


@dataclass(frozen=True, slots=True)
class Ranked:
    """Survivors of a selection, best first where one must be preferred."""

    chosen: Indices
    """Positions of the survivors, (survivors,)."""
    rank: Indices
    """Number of the front each stands on, from 0; those over the limits come after all others."""
    crowding: Numbers
    """Distance to its neighbours on the front; larger is lonelier."""


Survival = Callable[[Numbers, Numbers, int, np.random.Generator], Ranked]
"""Selects by costs (n, m) and excess (n,), as `survive` does."""


def survive(matrix: Numbers, excess: Numbers, count: int, rng: np.random.Generator) -> Ranked:
    """Select by constrained domination: fronts first, lonely points of the last one before others.

    Args:
        matrix: Costs to be minimised, (n, m), without NaN.
        excess: By how much each misses the limits, (n,); 0 where they are kept.
        count: How many survive, at most.
        rng: Settles ties.

    Source:
        Deb et al. 2002, NSGA-II, sections III and VI.
    """
    kept = np.flatnonzero(excess <= 0)
    ordered = [kept[front] for front in fronts(matrix[kept], count)] if len(kept) else []
    missed = np.flatnonzero(excess > 0)
    nearest = missed[np.argsort(excess[missed], kind="stable")][: max(0, count - len(kept))]
    ordered += np.split(nearest, len(nearest)) if len(nearest) else []
    ranks = np.repeat(np.arange(len(ordered)), [len(front) for front in ordered])
    places = np.concatenate([kept[:0], *ordered])
    crowds = crowding(matrix[places], ranks)
    best = np.lexsort((rng.random(len(places)), -crowds, ranks))[:count]
    return Ranked(places[best], ranks[best], crowds[best])


def crowding(matrix: Numbers, ranks: Indices) -> Numbers:
    """Measure how far the neighbours of each point are on its own front, (n,).

    The gap to both neighbours as a share of the range of the front, averaged over objectives;
    infinite at the ends of a front, unless all its points are equal there.

    Args:
        matrix: Costs, (n, m).
        ranks: Numbers of the fronts, (n,), ascending.

    Source:
        Deb et al. 2002, NSGA-II, section III.B. All fronts in one go: pymoo's, which has one front
        at a time, was a tenth of the time in which the default search thinks.
    """
    last = np.flatnonzero(np.diff(ranks, append=-1))
    first = np.concatenate([[0], last[:-1] + 1])[: len(last)]
    gaps = np.zeros(len(matrix))
    for column in matrix.T:
        order = np.lexsort((column, ranks))  # within each front, whose places stay
        steps = np.diff(column[order], prepend=0.0, append=0.0)
        before, after = steps[:-1], steps[1:]
        widths = column[order[last]] - column[order[first]]
        before[first] = after[last] = np.inf
        width = np.repeat(widths, last - first + 1)
        gaps[order] += np.where(width > 0, (before + after) / np.where(width > 0, width, 1.0), 0.0)
    averaged: Numbers = gaps / matrix.shape[1]
    return averaged


def by_pymoo(make: Callable[[int], Any], *, tournament: bool) -> Survival:
    """Make a selection of one of pymoo's; those over the limits come last, the nearest first.

    Args:
        make: Makes pymoo's `Survival` for a number of objectives.
        tournament: Parents are preferred by the rank and crowding that it leaves; else by chance.
    """

    def select(matrix: Numbers, excess: Numbers, count: int, rng: np.random.Generator) -> Ranked:
        from pymoo.core.population import Population
        from pymoo.core.problem import Problem

        kept = np.flatnonzero(excess <= 0)
        missed = np.flatnonzero(excess > 0)
        missed = missed[np.argsort(excess[missed], kind="stable")]
        chosen, rank, crowding = kept[:0], kept[:0], np.empty(0)
        if len(kept):
            width = matrix.shape[1]
            survivors = make(width).do(
                Problem(n_obj=width),
                Population.new(F=matrix[kept], place=kept),
                n_survive=min(count, len(kept)),
                random_state=rng,
            )
            chosen = survivors.get("place").astype(np.int64)
            rank, crowding = np.zeros(len(chosen), np.int64), np.zeros(len(chosen))
            if tournament:
                rank = survivors.get("rank").astype(np.int64)
                crowding = survivors.get("crowding").astype(float)
        missed = missed[: count - len(chosen)]
        after = 1 + rank.max(initial=-1) + np.arange(len(missed))
        return Ranked(
            np.concatenate([chosen, missed]),
            np.concatenate([rank, after]),
            np.concatenate([crowding, np.zeros(len(missed))]),
        )

    return select
