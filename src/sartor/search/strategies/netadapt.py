"""NetAdapt: a dear design is made cheaper, choice by choice, where that loses least."""

import numpy as np

from sartor.search.feasible import sample_feasible
from sartor.search.history import Remembering
from sartor.search.protocol import STRATEGIES, Problem
from sartor.search.walk import Prices, Walks
from sartor.space import Design, Genes

EXTRA = 50
"""Walks beyond the number of trials that are looked at before the walks are taken to be over."""


@STRATEGIES.register(
    "netadapt", "A dear design is made cheaper step by step.", "Yang et al. 2018; MobileNetV3"
)
class NetAdapt(Remembering):
    """Walk from the dearest design to the limits, and then from others.

    A step proposes one design for each choice: with the dearest of its options by which the cost
    falls by 1 % of the first design's. When all are evaluated, it leads to the one with the largest
    ratio of the change in accuracy to that in cost. Where the cost is an objective, the walk goes
    on within the limits, as cheap designs are sought too.

    Walks from random designs fill the batches and follow. So the first designs may be far beyond
    the limits, and a tight limit needs many evaluations.

    Args:
        problem: The search.
        seed: 0 or more; of the designs that other walks begin with.

    Source:
        Yang et al. 2018, arXiv:1804.03230, algorithm 1; the ratio, and the step as a share, of
        Howard et al. 2019, arXiv:1905.02244, section 5.2. Differs: a proposal is evaluated as any
        design is, in place of a short tuning of its parent's weights. Where no single option is
        enough, the cheapest of each choice that lowers the cost is proposed. Where the cost has no
        estimate; see `Prices`. Of the objectives beside the cost the first one is the accuracy.
    """

    keeps_limits = False

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        self._prices = Prices(problem)

    def ask(self, count: int) -> list[Design]:
        """Return what the walks wait for; see `Strategy`."""
        history, problem, rng = self._history, self._history.problem, self._history.rng()
        if not history.good:
            sample_feasible(problem, 1, rng)  # says so where nothing keeps the limits
        walks = Walks(history, self._prices)
        met = history.met.copy()
        chosen = history.genes[:0]
        for number in range(len(history.met) + EXTRA):
            waiting = met.fresh(walks.waiting(self._start(number)))
            chosen = np.concatenate([chosen, waiting])
            if len(chosen) >= count:
                break
        return history.filled(chosen, count, met, rng)

    def _start(self, number: int) -> Genes:
        """Return the design with which a walk begins, (choices,)."""
        if number == 0:
            return self._prices.dearest
        rng = np.random.default_rng([self._history.seed, number])
        drawn = self._history.problem.coding.leaning(rng.uniform(0.5, 1.0, 1), rng)
        return np.asarray(drawn[0], np.int64)
