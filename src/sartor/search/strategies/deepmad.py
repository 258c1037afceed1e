"""DeepMAD: the designs of the highest entropy within the limits, by a mathematical program."""

import numpy as np

from sartor.errors import OptionError
from sartor.search.history import Remembering
from sartor.search.protocol import STRATEGIES, Problem
from sartor.search.recovered import Recovered
from sartor.space import Design, Genes

ENTROPIES = ("multiscale_entropy", "entropy")
"""Estimates that are maximised: the first that is there."""


@STRATEGIES.register(
    "deepmad",
    "The highest entropy within the limits, by a mathematical program; learns from no evaluation.",
    "Shen et al. 2023, DeepMAD, arXiv:2303.02165",
)
class DeepMad(Remembering):
    """Ask for the designs of the highest entropy that keep the limits, highest first.

    Entropy and limits are known as estimates only, so that the program is recovered from them; see
    `Recovered`. What is evaluated changes nothing: the list of designs is the same, and those that
    are known are left out. Limits on what is not estimated are not seen.

    Args:
        problem: The search. Its estimate knows `multiscale_entropy` or `entropy`.
        seed: 0 or more; of the designs from which the program is recovered.

    Raises:
        OptionError: There is no estimate of the entropy.

    Source:
        Shen et al. 2023, arXiv:2303.02165, section 3.4. Differs: solved by integer linear
        programs on sums that are fitted to estimates, where the paper knows the formulas and
        evolves. Simplified: no penalty on stages of unequal depth, no widths that must not shrink.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        known = problem.estimates(problem.space.encode([problem.space.extreme(0)]))
        goal = next((it for it in ENTROPIES if it in known), None)
        if goal is None:
            listing = ", ".join(known) or "nothing"
            raise OptionError(
                f"deepmad maximises the entropy, but the estimate gives {listing}; give an "
                f"estimate of {' or '.join(ENTROPIES)}, or choose another strategy."
            )
        self._recovered = Recovered(problem, goal, seed)
        self._listed: list[Genes] = []
        """Designs in the order in which they are asked for, (choices,) each."""

    def ask(self, count: int) -> list[Design]:
        """Return the next designs of the list; see `Strategy`."""
        history, rng = self._history, self._history.rng()
        met = history.met.copy()
        chosen = history.genes[:0]
        place = 0
        while len(chosen) < count:
            if place == len(self._listed):
                found = self._recovered.next()
                if found is None:
                    break
                self._listed.append(found)
            chosen = np.concatenate([chosen, met.fresh(self._listed[place][None])])
            place += 1
        return history.filled(chosen, count, met, rng)

    def report(self) -> dict[str, float]:
        """Return the highest entropy within the limits that was found."""
        return self._recovered.report()
