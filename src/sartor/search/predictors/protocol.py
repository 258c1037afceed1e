"""What a predictor is: a member of the ensemble."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

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
        """Decide what takes long: (n, features) and (n,). May be called with fewer trials.

        Called again when there are more; what it decided then leaves nothing behind.
        """
        ...

    def fit(self, x: Numbers, y: Numbers) -> None:
        """Learn all trials, (n, features) and (n,), as it was tuned."""
        ...

    def mean(self, x: Encoded) -> Numbers:
        """Return the expected scores of designs, (n,)."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """A member that also learns from designs that nobody evaluated."""

    def prepare(self, x: Encoded, free: npt.NDArray[np.bool_]) -> None:
        """Take in designs, (n, features), and which features are free to know, (features,).

        Called once, before the first `tune`, and only where something is free.
        """
        ...


MEMBERS: Registry[Callable[[int], Member]] = Registry("predictor")
"""Makes a member from a seed."""
