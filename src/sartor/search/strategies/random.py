"""Random search: what every strategy must beat."""

from sartor.search.feasible import sample_feasible
from sartor.search.history import Remembering
from sartor.search.protocol import STRATEGIES
from sartor.space import Design


@STRATEGIES.register("random", "Uniform draws that keep the limits.")
class Random(Remembering):
    """Ask for uniform draws from the designs that keep the limits.

    Args:
        problem: The search.
        seed: 0 or more.
    """

    def ask(self, count: int) -> list[Design]:
        """Return designs drawn at random; see `Strategy`."""
        history = self._history
        drawn = sample_feasible(history.problem, count, history.rng(), exclude=history.met)
        return history.asked(drawn)
