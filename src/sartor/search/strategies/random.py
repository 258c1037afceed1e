"""Random search: what every strategy must beat."""

from collections.abc import Sequence

from sartor.search.feasible import sample_feasible
from sartor.search.history import History
from sartor.search.protocol import STRATEGIES, Problem, Scored
from sartor.space import Design


@STRATEGIES.register("random", "Uniform draws that keep the limits.")
class Random:
    """Ask for uniform draws from the designs that keep the limits.

    Args:
        problem: The search.
        seed: 0 or more.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self._history = History(problem, seed)

    def ask(self, count: int) -> list[Design]:
        """Return designs drawn at random; see `Strategy`."""
        history = self._history
        drawn = sample_feasible(history.problem, count, history.rng(), exclude=history.met)
        return history.asked(drawn)

    def tell(self, trials: Sequence[Scored]) -> None:
        """Take in trials; see `Strategy`."""
        self._history.tell(trials)

    def report(self) -> dict[str, float]:
        """Return nothing: a draw knows nothing of its quality."""
        return {}
