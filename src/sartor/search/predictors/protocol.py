"""What a predictor is: a member of the ensemble."""

from collections.abc import Callable
from typing import Protocol

from sartor.registry import Registry
from sartor.search.protocol import Numbers
from sartor.space import Encoded


class Member(Protocol):
    """Learns scores of designs from their features.

    Attributes:
        left_out: Scores of the trials as predicted without knowing them, (n,); there after `tune`.
    """

    left_out: Numbers

    def tune(self, x: Numbers, y: Numbers) -> None:
        """Decide what takes long: (n, features) and (n,). May be called with fewer trials."""
        ...

    def fit(self, x: Numbers, y: Numbers) -> None:
        """Learn all trials, (n, features) and (n,), as it was tuned."""
        ...

    def mean(self, x: Encoded) -> Numbers:
        """Return the expected scores of designs, (n,)."""
        ...


MEMBERS: Registry[Callable[[int], Member]] = Registry("predictor")
"""Makes a member from a seed."""
