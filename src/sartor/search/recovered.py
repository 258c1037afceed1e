"""A mathematical program recovered from estimates: its solutions, best first."""

from dataclasses import dataclass

import numpy as np

from sartor.errors import OptionError
from sartor.search.feasible import sample_feasible
from sartor.search.program import Bound, Program
from sartor.search.protocol import Numbers, Problem
from sartor.search.sums import Sum, fitted, value_of
from sartor.space import Genes

EFFECTIVENESS, HIGHEST = "effectiveness", 0.5
"""Depth over width, and what it is to stay below: the paper's bound for blocks with depthwise
convolutions (0.3 for residual ones)."""
WHOLE = 4096
"""Designs of a space all of which the sums are fitted to."""
ROUNDS = 6
"""So many times pairs of options join a sum that is fitted to a whole space."""
START, AROUND = 256, 600
"""Designs to start from, and around the best one, to which sums are fitted."""
RADIUS, FARTHEST = 4, 10
"""Options of the best design that are changed at most: at first, and at most."""
FRUITLESS = 10
"""Solutions in a row that are no better end the ascent."""
TIGHTENED = 1.2
"""By how many times the error of a sum at a solution the next bound is tightened."""
EASED = 0.5
"""What remains of that where the program has no solution."""
TRIES = 24
"""Programs solved at most for one design that keeps the bounds."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A design that the program proposed, as it is estimated."""

    genes: Genes
    value: float
    """Logarithm of what is maximised."""
    missed: Numbers
    """By how much it exceeds each bound, on their scale, (bounds,)."""

    @property
    def standing(self) -> tuple[float, float]:
        """Less is better: first what is missed, then the value."""
        return float(np.maximum(self.missed, 0).sum()), -self.value


class Recovered:
    """Finds the designs of the highest estimate that keep bounds on others.

    The logarithms of the estimates are fitted by sums of terms of options, on which an integer
    linear program is solved; what it proposes is estimated, and never proposed again.

    A small space is fitted whole, with pairs of options. The bounds are loosened by the largest
    error, and the best one proposed comes first that no other can beat, given that error: so the
    first is the optimum. In a large space no sum fits everywhere. There single options are fitted
    to designs around the best one, few of whose options may change: more after a better solution,
    fewer after one that was not (a trust region), and bounds are tightened by what is missed.

    Args:
        problem: Whose estimates are taken. Limits on these are bounds, and one on `effectiveness`
            where it is estimated.
        goal: The metric to be maximised.
        seed: Of the designs that are fitted.
    """

    def __init__(self, problem: Problem, goal: str, seed: int) -> None:
        self._problem = problem
        self._goal = goal
        self._rng = np.random.default_rng(seed)
        known = problem.estimates(problem.space.encode([problem.space.extreme(0)]))
        bounds = [(it.metric, it.bound, it.direction) for it in problem.limits]
        if EFFECTIVENESS in known:
            bounds.append((EFFECTIVENESS, HIGHEST, "max"))
        self._bounds = [
            (metric, 1.0 if way == "max" else -1.0, bound)
            for metric, bound, way in bounds
            if metric in known
        ]
        cardinalities = problem.coding.cardinalities.astype(float)
        self._whole = bool(np.prod(cardinalities) <= WHOLE)
        self._seen: Genes = np.empty((0, len(problem.space)), np.int64)
        self._pool: list[Solution] = []
        """Those that keep all bounds and were not given yet."""
        self._best: Solution | None = None
        self._radius = RADIUS
        self._margins = np.zeros(len(self._bounds))
        self._sums: list[Sum] = []
        self._started = False
        self._highest = -np.inf
        """What no later solution can exceed, as far as the sums are right."""

    def next(self) -> Genes | None:
        """Return the next best design, (choices,), or None where none is found.

        Raises:
            LimitError: No design keeps the limits.
            OptionError: Nothing that is estimated is a number above zero.
        """
        if not self._started:
            self._start()
        if self._whole:
            while not self._is_certain() and self._solve() is not None:
                pass
        else:
            for tried in range(TRIES):
                if (tried and self._pool) or self._solve() is None:
                    break
        if not self._pool:
            return None
        self._pool.sort(key=lambda it: it.standing)
        return self._pool.pop(0).genes

    def report(self) -> dict[str, float]:
        """Return the highest value that was found within all bounds, by the name of the metric."""
        if self._best is None or self._best.standing[0] > 0:
            return {}
        return {self._goal: float(np.exp(self._best.value))}

    def _start(self) -> None:
        """Fit a small space whole; in a large one climb from the best of a sample."""
        problem = self._problem
        sample = sample_feasible(problem, START, self._rng, wide=True)
        self._started = True
        if self._whole:
            self._fit(problem.coding.every())
            self._margins = np.array([-it.error for it in self._sums[1:]], float)
            return
        self._best = min(self._estimated(sample), key=lambda it: it.standing)
        self._take(self._best)
        fruitless = 0
        while fruitless < FRUITLESS:
            before = self._best
            if self._solve() is None and self._radius >= FARTHEST:
                break
            fruitless = 0 if self._best is not before else fruitless + 1

    def _is_certain(self) -> bool:
        """Tell whether no later solution can be better than the best in the pool."""
        if not self._pool:
            return False
        return max(it.value for it in self._pool) >= self._highest + self._sums[0].error

    def _solve(self) -> Solution | None:
        """Solve the program once and learn from what it proposes; None where it has none."""
        if not self._sums:
            assert self._best is not None
            self._fit(self._around(self._best.genes))
        bounds = [
            Bound(total, float(sign * np.log(bound) - margin))
            for total, (_, sign, bound), margin in zip(
                self._sums[1:], self._bounds, self._margins, strict=True
            )
        ]
        near = None
        if not self._whole:
            assert self._best is not None
            near = self._best.genes, self._radius
        found = self._program.best(self._sums[0], bounds, self._seen, near)
        if found is None:
            self._highest = -np.inf
            self._radius = min(2 * self._radius, FARTHEST)
            self._margins *= EASED
            self._sums = [] if not self._whole else self._sums
            return None
        genes, self._highest = found
        (solution,) = self._estimated(genes[None])
        self._take(solution)
        self._adapt(solution)
        return solution

    def _adapt(self, solution: Solution) -> None:
        """Move to a better solution; else look nearer. Tighten bounds by what was told too low."""
        if self._best is None or solution.standing < self._best.standing:
            self._best = solution
            self._radius = min(self._radius + 2, FARTHEST)
        elif solution.standing[0] <= 0:
            # Nearest looked at, farther away there may be a better one on other designs drawn.
            self._radius = self._radius // 2 or RADIUS
        if not self._whole:
            bounds = [sign * np.log(bound) for _, sign, bound in self._bounds]
            told = [value_of(self._problem.coding, it, solution.genes) for it in self._sums[1:]]
            low = solution.missed + bounds - told
            self._margins = np.maximum(TIGHTENED * low, 0.0)
            self._sums = []

    def _take(self, solution: Solution) -> None:
        self._seen = np.concatenate([self._seen, solution.genes[None]])
        if solution.standing[0] <= 0:
            self._pool.append(solution)

    def _around(self, genes: Genes) -> Genes:
        """Draw designs that differ from one in about half of the radius."""
        coding = self._problem.coding
        rate = self._radius / 2 / max(1, int(coding.active(genes[None]).sum()))
        drawn = coding.mutated(np.repeat(genes[None], AROUND, axis=0), self._rng, rate)
        fresh = np.unique(drawn, axis=0)
        return self._rng.permutation(fresh)

    def _fit(self, genes: Genes) -> None:
        """Fit sums to what is maximised and to what is bounded."""
        values, bounded = self._numbers(genes)
        columns = np.column_stack([values, bounded])
        told = np.isfinite(columns).all(axis=1)
        if not told.any():
            names = " and ".join([self._goal, *(metric for metric, _, _ in self._bounds)])
            raise OptionError(
                f"of {len(genes):,} designs none has estimates above zero of {names}; correct the "
                "estimate, or choose another strategy."
            )
        rounds = ROUNDS if self._whole else 0
        coding = self._problem.coding
        self._sums = [
            fitted(coding, genes[told], it, whole=self._whole, rounds=rounds)
            for it in columns[told].T
        ]
        self._program = Program(self._problem.space, self._sums)

    def _estimated(self, genes: Genes) -> list[Solution]:
        values, bounded = self._numbers(genes)
        missed = bounded - [sign * np.log(bound) for _, sign, bound in self._bounds]
        missed = np.where(np.isnan(missed), np.inf, missed)
        values = np.where(np.isnan(values), -np.inf, values)
        return [Solution(*it) for it in zip(genes, values.tolist(), missed, strict=True)]

    def _numbers(self, genes: Genes) -> tuple[Numbers, Numbers]:
        """Return logarithms: what is maximised, (n,), and what is bounded from above, (n, bounds).

        NaN where an estimate is not above zero.
        """
        numbers = self._problem.estimates(genes)
        bounded = [sign * _log(numbers[metric]) for metric, sign, _ in self._bounds]
        table = np.array(bounded, float).reshape(len(self._bounds), len(genes)).T
        return _log(numbers[self._goal]), table


def _log(values: Numbers) -> Numbers:
    logs: Numbers = np.log(np.where(np.isfinite(values) & (values > 0), values, np.nan))
    return logs
