"""Find designs whose estimates keep the limits, in a bounded number of tries."""

import math

import numpy as np

from sartor.errors import LimitError
from sartor.search.met import Met
from sartor.search.protocol import Numbers, Problem, logarithms, over
from sartor.search.shortfall import shortfall
from sartor.space import Coding, Genes
from sartor.units import Limit

TRIES = 5000
"""Designs estimated at most for one request."""
CHUNK = 256
"""Designs estimated in one call."""
PUSHES = 6
ENDS = 8
"""Generations by which a spread sample is widened, and the designs at each end they start from."""
FAR_OUT = 3
"""Interquartile ranges beyond the quartiles of the log cost to which a sample is spread (Tukey)."""
PARENTS = 32
"""Designs nearest to the limits from which repairs start."""
FRUITLESS = 20
"""So many chunks in a row, nearly all of whose designs were met before, exhaust a space."""


def sample_feasible(
    problem: Problem,
    count: int,
    rng: np.random.Generator,
    *,
    exclude: Met | None = None,
    wide: bool = False,
    tries: int = TRIES,
) -> Genes:
    """Draw distinct designs that keep the limits by their estimates.

    Uniform draws come first. Where they seldom keep the limits, the nearest ones found so far are
    moved towards the limits and, once some keep them, on among those.

    Args:
        problem: Whose space and limits.
        count: How many are wanted; fewer are returned where the tries run out.
        rng: Randomness.
        exclude: Designs that are not wanted.
        wide: Draw half of the designs with all ordered choices leaning to one side, so that the
            cheapest and the dearest are met as well.
        tries: Designs estimated at most.

    Returns:
        Designs, (n, choices).

    Raises:
        LimitError: None keeps the limits; the message names the limit that binds, and the nearest
            value.
    """
    pool = _Pool(problem, exclude or Met(problem.coding))
    space = problem.space
    pool.add(space.encode([space.extreme(0), space.extreme(-1)]))
    corners = len(pool.feasible)
    while len(pool.feasible) < count and pool.tried < tries // 2:
        pool.add(_draws(problem.coding, min(CHUNK, max(64, 2 * count)), rng, wide))
        if pool.stale or _is_rare(pool):
            break
    while len(pool.feasible) < count and pool.tried < tries and not pool.stale:
        pool.add(_repairs(pool, rng))
    if not len(pool.feasible) and not pool.met_excluded:
        raise _out_of_reach(problem, pool)
    # The corners are there to be repaired from; in a uniform sample they stand last.
    return (pool.feasible if wide else np.roll(pool.feasible, -corners, axis=0))[:count]


def stratified(
    problem: Problem, count: int, rng: np.random.Generator, *, exclude: Met | None = None
) -> Genes:
    """Draw designs that keep the limits, evenly spread over the logarithm of their cost.

    Uniform genes concentrate in the middle of the costs. The cost is that of the first objective
    to be minimised which has an estimate; without one the draw is uniform.

    Returns:
        Designs, (n, choices).

    Raises:
        LimitError: None keeps the limits.
    """
    exclude = exclude or Met(problem.coding)
    pool = sample_feasible(problem, max(8 * count, 128), rng, exclude=exclude, wide=True)
    metric = cost_metric(problem)
    if metric is None or not len(pool):
        return rng.permutation(pool)[:count]
    first, third = np.quantile(logarithms(problem.estimates(pool)[metric]), [0.25, 0.75])
    pool, costs = _pushed_to_the_ends(problem, pool, metric, rng, exclude)
    # A few broken designs that cost next to nothing must not take half of the axis.
    reach = FAR_OUT * (third - first)
    axis = np.clip(logarithms(costs), first - reach, third + reach)
    return pool[spread(axis, count)]


def _pushed_to_the_ends(
    problem: Problem, pool: Genes, metric: str, rng: np.random.Generator, exclude: Met
) -> tuple[Genes, Numbers]:
    """Add children of the cheapest and of the dearest designs, and return all with their costs.

    Choices without an order, such as a runtime, can make a design much cheaper than any draw is.
    """
    coding = problem.coding
    costs = problem.estimates(pool)[metric]
    met = exclude.copy()
    met.add(pool)
    for _ in range(PUSHES):
        order = np.argsort(costs)
        ends = np.stack([order[:ENDS], order[-ENDS:]])
        pairs = rng.choice(ends, (4 * ENDS, 2), axis=1)  # (2, children, parents)
        ones, others = pool[pairs.reshape(-1, 2).T]
        crossed = coding.crossed(ones, others, rng)
        fresh = met.fresh(coding.mutated(crossed, rng, 1 / len(problem.space)))
        numbers = problem.estimates(fresh)
        kept = problem.excess(numbers, len(fresh)) <= 0
        if not kept.any():
            break
        pool = np.concatenate([pool, fresh[kept]])
        costs = np.concatenate([costs, numbers[metric][kept]])
    # A cost that is no number has no place on the axis.
    finite = np.flatnonzero(np.isfinite(costs))
    return pool[finite], costs[finite]


def spread(axis: Numbers, count: int) -> list[int]:
    """Choose `count` positions whose values are nearest to an even grid over the range, (n,)."""
    left = np.ones(len(axis), bool)
    chosen = []
    for goal in np.linspace(axis.min(), axis.max(), count) if len(axis) else ():
        if not left.any():
            break
        nearest = int(np.argmin(np.where(left, np.abs(axis - goal), math.inf)))
        left[nearest] = False
        chosen.append(nearest)
    return chosen


def cost_metric(problem: Problem) -> str | None:
    """Return the metric that tells cheap designs from dear ones, or None without an estimate."""
    numbers = problem.estimates(problem.space.encode([problem.space.extreme(0)]))
    wanted = [name for name, way in problem.objectives.items() if way == "min"]
    for name in (*wanted, *(limit.metric for limit in problem.limits)):
        if name in numbers:
            return name
    return None


class _Pool:
    """Designs that were estimated, and by how much they miss the limits."""

    def __init__(self, problem: Problem, exclude: Met) -> None:
        self.problem = problem
        self.exclude = exclude
        self.feasible: Genes = np.empty((0, len(problem.space)), np.int64)
        self.met_excluded = False
        """A design that is not wanted keeps the limits, so that they can be kept."""
        self.near = self.feasible
        """The designs that miss the limits by least, which is 0 where they are kept."""
        self.nearest: dict[Limit, tuple[float, Genes]] = {}
        """Per limit the least excess met, and the design that it was met with."""
        self._near_excess = np.empty(0)
        self._met = Met(problem.coding)
        self._fruitless = 0

    @property
    def tried(self) -> int:
        """Number of designs that were estimated."""
        return len(self._met)

    @property
    def stale(self) -> bool:
        """Nothing new has come for so long that the space must be exhausted."""
        return self._fruitless >= FRUITLESS

    def add(self, genes: Genes) -> None:
        """Estimate designs that are new and keep account of them."""
        fresh = self._met.fresh(genes)
        self._fruitless = 0 if FRUITLESS * len(fresh) >= len(genes) else self._fruitless + 1
        if not len(fresh):
            return
        numbers = self.problem.estimates(fresh)
        excess = self.problem.excess(numbers, len(fresh))
        for limit in self.problem.limits:
            if limit.metric in numbers:
                misses = over(limit, numbers[limit.metric])
                best = int(np.argmin(misses))
                if limit not in self.nearest or misses[best] < self.nearest[limit][0]:
                    self.nearest[limit] = float(misses[best]), fresh[best]
        kept = fresh[excess <= 0]
        unwanted = self.exclude.knows(kept)
        self.met_excluded |= bool(unwanted.any())
        self.feasible = np.concatenate([self.feasible, kept[~unwanted]])
        together = np.concatenate([self._near_excess, excess])
        order = np.argsort(together, kind="stable")[: 8 * PARENTS]
        self.near = np.concatenate([self.near, fresh])[order]
        self._near_excess = together[order]


def _is_rare(pool: _Pool) -> bool:
    """Tell whether uniform draws keep the limits less than once in fifty."""
    return pool.tried >= 2 * CHUNK and len(pool.feasible) < pool.tried // 50


def _draws(coding: Coding, count: int, rng: np.random.Generator, wide: bool) -> Genes:
    if not wide:
        return coding.drawn(count, rng)
    leaning = coding.leaning(rng.random(count // 2), rng)
    return np.concatenate([coding.drawn(count - len(leaning), rng), leaning])


def _repairs(pool: _Pool, rng: np.random.Generator) -> Genes:
    """Cross and mutate the designs that are nearest to the limits."""
    coding = pool.problem.coding
    # Once some keep the limits, moving on among all of them keeps the sample broad.
    kept = pool.feasible
    parents = kept if len(kept) >= PARENTS else pool.near[:PARENTS]
    ones, others = parents[rng.integers(len(parents), size=(2, CHUNK))]
    crossed = np.where(rng.random((CHUNK, 1)) < 0.5, coding.crossed(ones, others, rng), ones)
    return coding.mutated(crossed, rng, 1.5 / len(pool.problem.space))


def _out_of_reach(problem: Problem, pool: _Pool) -> LimitError:
    nearest = np.stack([*(genes for _, genes in pool.nearest.values()), pool.near[0]])
    tried = f"{pool.tried:,} tried"
    return LimitError(shortfall(problem.limits, problem.estimates(nearest), tried))
