"""What a search is asked (a problem) and what a strategy is."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sartor.errors import OptionError
from sartor.registry import Registry
from sartor.space import Coding, Design, Genes, Space
from sartor.units import Direction, Limit

Numbers = npt.NDArray[np.float64]
Estimate = Callable[[Sequence[Design]], Mapping[str, Numbers]]
"""Cheap numbers of designs by metric, (n,) each: counted or predicted, never evaluated."""

OBJECTIVES: Mapping[str, Direction] = {"accuracy": "max", "latency_ms": "min"}


@dataclass(frozen=True, slots=True)
class Problem:
    """A space, what is sought in it, and the limits that a design must keep."""

    space: Space
    objectives: Mapping[str, Direction] = field(default_factory=lambda: dict(OBJECTIVES))
    """By metric: "max" or "min"."""
    limits: tuple[Limit, ...] = ()
    estimate: Estimate | None = None
    """Called on batches. A limit on what it returns holds from the first design on."""
    logarithmic: frozenset[str] = frozenset()
    """Objectives of which a share counts and not a difference: 1 to 2 ms is as far as 2 to 4 ms."""

    def __post_init__(self) -> None:
        if not self.objectives:
            raise OptionError("the search has no objectives; give one, such as accuracy: max.")
        for name, way in self.objectives.items():
            if way not in ("max", "min"):
                raise OptionError(f"objective {name} is {way!r}; allowed: max, min.")
        if len(self.space) == 0:
            raise OptionError("the space has no choices; there is nothing to search.")

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions of the objectives, in their order."""
        return tuple(self.objectives.values())

    @property
    def coding(self) -> Coding:
        """How designs are written as genes. All work on many designs is done on these."""
        return self.space.coding

    def estimates(self, genes: Genes) -> dict[str, Numbers]:
        """Estimate designs, (n, choices), in one call, (n,) per metric; nothing where none can."""
        if self.estimate is None or len(genes) == 0:
            return {}
        designs = self.space.decode(genes)
        numbers = {name: np.asarray(it, float) for name, it in self.estimate(designs).items()}
        for name, values in numbers.items():
            assert values.shape == (len(designs),), f"{name} of {len(designs)}: {values.shape}"
        return numbers

    def within(self, genes: Genes) -> npt.NDArray[np.bool_]:
        """Tell which designs, (n, choices), keep the limits as far as they are estimated, (n,)."""
        return self.excess(self.estimates(genes), len(genes)) <= 0

    def excess(self, numbers: Mapping[str, Numbers], count: int) -> Numbers:
        """Return by which shares of their bounds designs miss the limits in all, (n,).

        Limits on metrics that `numbers` lacks are left out; NaN misses by infinity.
        """
        total = np.zeros(count)
        for limit in self.limits:
            if limit.metric in numbers:
                total += over(limit, numbers[limit.metric])
        return total


def logarithms(values: Numbers) -> Numbers:
    """Return the logarithms of costs, (n,), finite also where one is 0, negative or no number."""
    logs: Numbers = np.log(np.maximum(np.nan_to_num(values), np.finfo(float).tiny))
    return logs


def over(limit: Limit, values: Numbers) -> Numbers:
    """Return by which share of the bound each value misses the limit, 0 where it is kept."""
    signed = values - limit.bound if limit.direction == "max" else limit.bound - values
    return np.where(np.isnan(values), math.inf, np.maximum(0.0, signed) / limit.bound)


@dataclass(frozen=True, slots=True)
class Scored:
    """A design that was evaluated, as a strategy sees it."""

    design: Design
    values: Mapping[str, float] = field(hash=False)
    """By metric; empty where the evaluation failed."""
    batch: int
    """Batch in which it was asked for, from 0; -1 if the strategy did not ask for it."""

    @property
    def failed(self) -> bool:
        """The evaluation gave no numbers."""
        return not self.values


class Strategy(Protocol):
    """Decides which designs are evaluated next.

    One process calls `ask` and `tell` in turn. What `ask` returns depends on nothing but the
    problem, the seed, the trials told so far and the calls of `ask` since the last `tell`: a
    strategy that was told all trials of a stopped search goes on as if it had not been stopped.
    """

    keeps_limits: bool
    """The estimates of every design that is asked for keep the limits; False where it walks towards
    them from beyond, so that what it asks for may miss them."""

    def ask(self, count: int) -> list[Design]:
        """Return up to `count` designs, fewer only where no others are found.

        They are distinct, were never asked for or told before, and their estimates keep the limits
        where `keeps_limits`.

        Raises:
            LimitError: No design was found that keeps the limits.
        """
        ...

    def tell(self, trials: Sequence[Scored]) -> None:
        """Take in trials: those asked for, and any others that are known. Called once per batch."""
        ...

    def report(self) -> dict[str, float]:
        """Return what the strategy knows of its own quality, by name; may be empty."""
        ...


STRATEGIES: Registry[Callable[[Problem, int], Strategy]] = Registry("strategy")
"""Makes a strategy from a problem and a seed."""
