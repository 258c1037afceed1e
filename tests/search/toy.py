"""A small problem whose front is known: what is gained and paid adds up over the choices."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sartor.search import Problem, non_dominated
from sartor.space import Choice, Condition, Design, Space
from sartor.units import Limit

STAGES = 4
KINDS = {"plain": (0.0, 1.0), "fused": (0.01, 1.4), "ghost": (-0.008, 0.7)}


@dataclass(frozen=True)
class Toy:
    """Stages of a kind, a width and, for two kinds, an expansion."""

    stages: int = STAGES

    @functools.cached_property
    def space(self) -> Space:
        choices = []
        for stage in range(self.stages):
            choices += [
                Choice(f"stage{stage}.kind", tuple(KINDS)),
                Choice(f"stage{stage}.width", (8, 16, 24, 32), ordered=True),
                Choice(
                    f"stage{stage}.expand",
                    (2, 4, 6),
                    ordered=True,
                    when=(Condition(f"stage{stage}.kind", ("plain", "fused")),),
                ),
            ]
        return Space(choices)

    def latency_ms(self, design: Design) -> float:
        total = 0.1
        for stage in range(self.stages):
            _, factor = KINDS[design.text(f"stage{stage}.kind")]
            width = design.integer(f"stage{stage}.width")
            expand = design.get(f"stage{stage}.expand", 1)
            assert isinstance(expand, int)
            total += 0.01 * factor * width * (1 + 0.3 * expand) * (1.3**stage)
        return total

    def accuracy(self, design: Design) -> float:
        total = 0.7
        for stage in range(self.stages):
            gain, _ = KINDS[design.text(f"stage{stage}.kind")]
            width = design.integer(f"stage{stage}.width")
            expand = design.get(f"stage{stage}.expand", 1)
            assert isinstance(expand, int)
            total += gain + 0.02 * np.log(width / 8) * (1 + 0.2 * stage) + 0.012 * np.log(expand)
        return float(total)

    def evaluate(self, design: Design) -> dict[str, float]:
        return {"accuracy": self.accuracy(design), "latency_ms": self.latency_ms(design)}

    def estimate(self, designs: Sequence[Design]) -> Mapping[str, npt.NDArray[np.float64]]:
        return {"latency_ms": np.array([self.latency_ms(design) for design in designs])}

    def problem(self, *limits: Limit) -> Problem:
        return Problem(self.space, limits=limits, estimate=self.estimate)

    def front(self) -> npt.NDArray[np.float64]:
        """Return accuracy and latency of the front, exactly, (p, 2).

        The stages add up, so that a design of the front is made of stages that are each on the
        front of their own.
        """
        best = np.array([[0.7, 0.1]])
        for stage in range(self.stages):
            options = [
                [
                    gain + 0.02 * np.log(width / 8) * (1 + 0.2 * stage) + 0.012 * np.log(expand),
                    0.01 * factor * width * (1 + 0.3 * expand) * 1.3**stage,
                ]
                for kind, (gain, factor) in KINDS.items()
                for width in (8, 16, 24, 32)
                for expand in ((1,) if kind == "ghost" else (2, 4, 6))
            ]
            joined = (best[:, None] + np.array(options)[None]).reshape(-1, 2)
            best = joined[non_dominated(joined, ["max", "min"])]
        return best


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation without ties, written out."""

    def ranks(values: Sequence[float]) -> npt.NDArray[np.int64]:
        return np.argsort(np.argsort(values))

    gap = ranks(one) - ranks(other)
    n = len(gap)
    return float(1 - 6 * (gap**2).sum() / (n * (n**2 - 1)))
