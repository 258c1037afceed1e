"""Find designs whose estimates keep the limits, in a bounded number of tries."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from sartor.errors import LimitError
from sartor.search.protocol import Numbers, Problem, over
from sartor.space import Design, Space
from sartor.units import show

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


def sample_feasible(
    problem: Problem,
    count: int,
    rng: np.random.Generator,
    *,
    exclude: Collection[Design] = frozenset(),
    wide: bool = False,
    tries: int = TRIES,
) -> list[Design]:
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

    Raises:
        LimitError: None keeps the limits; the message names the limit that binds, and the nearest
            value.
    """
    pool = _Pool(problem, exclude)
    corners = [problem.space.extreme(0), problem.space.extreme(-1)]
    pool.add(corners)
    while len(pool.feasible) < count and pool.tried < tries // 2:
        pool.add(_draws(problem.space, min(CHUNK, max(64, 2 * count)), rng, wide))
        if pool.stale or _is_rare(pool):
            break
    while len(pool.feasible) < count and pool.tried < tries and not pool.stale:
        pool.add(_repairs(pool, rng))
    if not pool.feasible and not pool.met_excluded:
        raise _out_of_reach(problem, pool)
    # The corners are there to be repaired from; in a uniform sample they stand last.
    found = list(pool.feasible)
    return (found if wide else sorted(found, key=lambda design: design in corners))[:count]


def stratified(
    problem: Problem,
    count: int,
    rng: np.random.Generator,
    *,
    exclude: Collection[Design] = frozenset(),
) -> list[Design]:
    """Draw designs that keep the limits, evenly spread over the logarithm of their cost.

    Uniform genes concentrate in the middle of the costs. The cost is that of the first objective
    to be minimised which has an estimate; without one the draw is uniform.

    Raises:
        LimitError: None keeps the limits.
    """
    pool = sample_feasible(problem, max(8 * count, 128), rng, exclude=exclude, wide=True)
    metric = cost_metric(problem)
    if metric is None or not pool:
        order = rng.permutation(len(pool))
        return [pool[position] for position in order[:count]]
    first, third = np.quantile(_log(problem.estimates(pool)[metric]), [0.25, 0.75])
    pool, costs = _pushed_to_the_ends(problem, pool, metric, rng, exclude)
    # A few broken designs that cost next to nothing must not take half of the axis.
    reach = FAR_OUT * (third - first)
    axis = np.clip(_log(costs), first - reach, third + reach)
    return [pool[position] for position in spread(axis, count)]


def _log(costs: Numbers) -> Numbers:
    return np.log(np.maximum(np.nan_to_num(costs), np.finfo(float).tiny))


def _pushed_to_the_ends(
    problem: Problem,
    pool: list[Design],
    metric: str,
    rng: np.random.Generator,
    exclude: Collection[Design],
) -> tuple[list[Design], Numbers]:
    """Add children of the cheapest and of the dearest designs, and return all with their costs.

    Choices without an order, such as a runtime, can make a design much cheaper than any draw is.
    """
    space = problem.space
    costs = problem.estimates(pool)[metric]
    known = set(pool)
    for _ in range(PUSHES):
        order = np.argsort(costs)
        children: dict[Design, None] = {}
        for end in (order[:ENDS], order[-ENDS:]):
            for _ in range(4 * ENDS):
                one, other = (pool[place] for place in rng.choice(end, 2))
                crossed = space.cross(one, other, rng)
                children[space.mutate(crossed, rng, 1 / len(space))] = None
        fresh = [child for child in children if child not in known and child not in exclude]
        numbers = problem.estimates(fresh)
        kept = problem.excess(numbers, len(fresh)) <= 0
        if not kept.any():
            break
        known.update(fresh)
        pool = pool + [child for child, keep in zip(fresh, kept, strict=True) if keep]
        costs = np.concatenate([costs, numbers[metric][kept]])
    # A cost that is no number has no place on the axis.
    finite = np.flatnonzero(np.isfinite(costs))
    return [pool[place] for place in finite], costs[finite]


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
    numbers = problem.estimates([problem.space.extreme(0)])
    wanted = [name for name, way in problem.objectives.items() if way == "min"]
    for name in (*wanted, *(limit.metric for limit in problem.limits)):
        if name in numbers:
            return name
    return None


class _Pool:
    """Designs that were estimated, and by how much they miss the limits."""

    def __init__(self, problem: Problem, exclude: Collection[Design]) -> None:
        self.problem = problem
        self.exclude = exclude
        self.feasible: dict[Design, None] = {}
        self.met_excluded = False
        """A design that is not wanted keeps the limits, so that they can be kept."""
        self.near: list[tuple[float, int, Design]] = []
        """The designs with the least excess, which is 0 where the limits are kept."""
        self.nearest = [(math.inf, math.nan)] * len(problem.limits)
        """Per limit the least excess met, and the value it was met with."""
        self.tried = 0
        self._seen: set[Design] = set()
        self._fruitless = 0

    @property
    def stale(self) -> bool:
        """Nothing new has come for so long that the space must be exhausted."""
        return self._fruitless >= 20

    def add(self, designs: Sequence[Design]) -> None:
        """Estimate designs that are new and keep account of them."""
        fresh = [design for design in dict.fromkeys(designs) if design not in self._seen]
        self._fruitless = 0 if 20 * len(fresh) >= len(designs) else self._fruitless + 1
        if not fresh:
            return
        self._seen.update(fresh)
        numbers = self.problem.estimates(fresh)
        excess = self.problem.excess(numbers, len(fresh))
        for position, limit in enumerate(self.problem.limits):
            if limit.metric in numbers:
                misses = over(limit, numbers[limit.metric])
                best = int(np.argmin(misses))
                entry = (float(misses[best]), float(numbers[limit.metric][best]))
                self.nearest[position] = min(self.nearest[position], entry)
        for design, missed in zip(fresh, excess, strict=True):
            self.near.append((float(missed), self.tried, design))
            self.tried += 1
            if missed > 0:
                continue
            if design in self.exclude:
                self.met_excluded = True
            else:
                self.feasible[design] = None
        self.near = sorted(self.near, key=lambda item: item[:2])[: 8 * PARENTS]


def _is_rare(pool: _Pool) -> bool:
    """Tell whether uniform draws keep the limits less than once in fifty."""
    kept = len(pool.feasible)
    return pool.tried >= 2 * CHUNK and kept < pool.tried // 50


def _draws(space: Space, count: int, rng: np.random.Generator, wide: bool) -> list[Design]:
    if not wide:
        return [space.sample(rng) for _ in range(count)]
    return [
        lean(space, rng.random(), rng) if position % 2 else space.sample(rng)
        for position in range(count)
    ]


def lean(space: Space, level: float, rng: np.random.Generator) -> Design:
    """Draw a design whose ordered choices stand near `level` (0: first options, 1: last)."""
    last = space.cardinalities - 1
    near = np.rint(last * np.clip(level + 0.25 * rng.standard_normal(len(last)), 0, 1))
    free = np.floor(rng.random(len(last)) * space.cardinalities)
    ordered = np.array([choice.ordered for choice in space.choices])
    return space.from_genes(np.where(ordered, near, free).astype(np.int64))


def _repairs(pool: _Pool, rng: np.random.Generator) -> list[Design]:
    """Cross and mutate the designs that are nearest to the limits."""
    space = pool.problem.space
    # Once some keep the limits, moving on among all of them keeps the sample broad.
    kept = list(pool.feasible)
    parents = kept if len(kept) >= PARENTS else [design for *_, design in pool.near[:PARENTS]]
    children = []
    for _ in range(CHUNK):
        child = parents[rng.integers(len(parents))]
        if rng.random() < 0.5:
            child = space.cross(child, parents[rng.integers(len(parents))], rng)
        children.append(space.mutate(child, rng, 1.5 / len(space)))
    return children


def _out_of_reach(problem: Problem, pool: _Pool) -> LimitError:
    missed = [
        (excess, limit, value)
        for (excess, value), limit in zip(pool.nearest, problem.limits, strict=True)
        if excess > 0 and not math.isnan(value)
    ]
    if missed:
        _, limit, value = max(missed, key=lambda item: item[0])
        return LimitError(
            f"no design keeps {limit}: the nearest of {pool.tried:,} tried has "
            f"{show(limit.metric, value)}. Loosen this limit or change the space."
        )
    numbers = problem.estimates([pool.near[0][2]])
    held = [it for it in problem.limits if it.metric in numbers]
    together = " and ".join(str(limit) for limit in held)
    nearest = ", ".join(show(it.metric, float(numbers[it.metric][0])) for it in held)
    return LimitError(
        f"no design keeps {together} together, though each alone can be kept: the nearest of "
        f"{pool.tried:,} tried has {nearest}. Loosen one of them."
    )
