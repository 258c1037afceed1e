"""A controller that draws designs choice by choice, and learns by policy gradient."""

import numpy as np

from sartor.search.protocol import Numbers
from sartor.space import Coding, Genes

RATE = 0.7
"""Step of the gradient, for rewards of unit variance."""
ENTROPY = 0.02
"""What uncertainty is worth, which keeps the controller from settling too soon."""
BASELINE = 0.9
"""Decay of the moving average that rewards are compared with."""


class Controller:
    """Draws each choice with chances that depend on the choices before it.

    The scores of the options are linear in what was decided before, which is the memory: a
    controller without it draws each choice for itself, and cannot learn that two belong together.

    Args:
        coding: Of the space.

    Source:
        REINFORCE: Williams 1992. That a controller must depend on its past decisions, and does not
        by itself: Adam and Lorraine 2019, arXiv:1904.00438. Differs: the dependence is explicit, in
        place of a recurrent network with a memory buffer.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._ends = np.cumsum(coding.cardinalities)
        self._starts = self._ends - coding.cardinalities
        total = int(self._ends[-1])
        self._owner = np.repeat(np.arange(len(self._ends)), coding.cardinalities)
        # Column c of the scores sees a constant (row 0) and the options of earlier choices.
        earlier = self._owner[:, None] < self._owner[None]
        self._mask = np.vstack([np.ones((1, total)), earlier]).astype(float)
        self._weights = np.zeros((total + 1, total))

    def draw(self, count: int, rng: np.random.Generator) -> Genes:
        """Draw designs, (count, choices)."""
        genes = np.zeros((count, len(self._ends)), np.int64)
        for place in range(len(self._ends)):
            chances = self._chances(genes)[:, self._starts[place] : self._ends[place]]
            ceiling = np.cumsum(chances, axis=1)
            drawn = (rng.random((count, 1)) > ceiling[:, :-1]).sum(axis=1)
            genes[:, place] = drawn
            genes = self._coding.settled(genes)
        return genes

    def learn(self, batches: "list[tuple[Genes, Numbers]]") -> None:
        """Forget everything, and learn from batches, one after another.

        Args:
            batches: Designs, (n, choices), and their rewards, (n,).
        """
        self._weights[:] = 0
        known = np.concatenate([np.empty(0), *(rewards for _, rewards in batches)])
        unit = float(known.std()) or 1.0
        baseline = None
        for genes, rewards in batches:
            mean = float(rewards.mean())
            baseline = mean if baseline is None else baseline
            self._step(genes, (rewards - baseline) / unit)
            baseline = BASELINE * baseline + (1 - BASELINE) * mean

    def _step(self, genes: Genes, advantage: Numbers) -> None:
        chances, hot = self._chances(genes), self._hot(genes)
        active = np.repeat(self._coding.active(genes), self._coding.cardinalities, axis=1)
        logarithms = np.log(np.maximum(chances, 1e-12))
        entropy = -np.add.reduceat(chances * logarithms, self._starts, axis=1)
        rise = advantage[:, None] * (hot - chances)
        rise -= ENTROPY * chances * (logarithms + entropy[:, self._owner])
        seen = np.hstack([np.ones((len(genes), 1)), hot])
        self._weights += RATE * self._mask * (seen.T @ (rise * active)) / len(genes)

    def _hot(self, genes: Genes) -> Numbers:
        option = np.arange(len(self._owner)) - self._starts[self._owner]
        chosen = genes[:, self._owner] == option
        return np.asarray(chosen & self._coding.active(genes)[:, self._owner], float)

    def _chances(self, genes: Genes) -> Numbers:
        """Return the chances of all options, given the choices before each, (n, options)."""
        scores = np.hstack([np.ones((len(genes), 1)), self._hot(genes)]) @ (
            self._weights * self._mask
        )
        highest = np.maximum.reduceat(scores, self._starts, axis=1)
        raised = np.exp(scores - highest[:, self._owner])
        total = np.add.reduceat(raised, self._starts, axis=1)
        chances: Numbers = raised / total[:, self._owner]
        return chances
