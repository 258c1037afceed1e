"""Designs as rows of numbers, for predictors."""

from collections.abc import Mapping

import numpy as np

from sartor.search.protocol import Numbers, logarithms
from sartor.space import Coding, Encoded, Features, Genes

ESTIMATED = 3
"""The kind of features that are estimates; those of a coding are 0 to 2."""


class Encoder:
    """Options, ranks and counts of designs, and the logarithms of cheap estimates.

    Args:
        coding: Of the space of the designs.
        estimated: Metrics that the estimates know.
    """

    def __init__(self, coding: Coding, estimated: tuple[str, ...] = ()) -> None:
        self._coding = coding
        self._estimated = estimated
        own = coding.features
        after = np.arange(len(estimated)) + 1 + own.groups.max(initial=-1)
        self.features = Features(
            kinds=np.concatenate([own.kinds, np.full(len(estimated), ESTIMATED)]),
            groups=np.concatenate([own.groups, after]),
        )
        """What the numbers are."""

    def __call__(self, genes: Genes, estimates: Mapping[str, Numbers]) -> Encoded:
        """Encode designs, (n, choices), with their estimates by metric, (n, features)."""
        featured = self._coding.featured(genes)
        if not self._estimated:
            return featured  # without a copy: searches predict tens of thousands at a time
        columns = [logarithms(estimates[name])[:, None] for name in self._estimated]
        return np.hstack([featured, *columns], dtype=np.float32)
