"""Axes of a space: ordered choices that are called alike, moved together."""

import numpy as np

from sartor.search.protocol import Numbers
from sartor.space import Genes, Space

DIGITS = "0123456789"


class Axes:
    """Groups of ordered choices by the last word of their names: `stage1.width`, `stage2.width`.

    A level, 0 to 1, stands for the first to the last options of all choices of an axis.

    Args:
        space: Of the designs.
    """

    def __init__(self, space: Space) -> None:
        self._coding = space.coding
        groups: dict[str, list[int]] = {}
        for place, choice in enumerate(space.choices):
            if choice.ordered and len(choice.options) > 1:
                axis = choice.name.rsplit(".", 1)[-1].rstrip(DIGITS)
                groups.setdefault(axis, []).append(place)
        self.names = tuple(groups)
        """Of the axes; none where no choice is ordered."""
        self._groups = [np.array(it) for it in groups.values()]
        self._last = np.maximum(self._coding.cardinalities - 1, 1)

    def levels(self, genes: Genes) -> Numbers:
        """Return the mean level of the active choices of each axis, (n, axes), 0 where none is."""
        active, ranks = self._coding.active(genes), genes / self._last
        columns = [
            (ranks[:, it] * active[:, it]).sum(axis=1) / np.maximum(active[:, it].sum(axis=1), 1)
            for it in self._groups
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(genes), 0))

    def moved(self, genes: Genes, levels: Numbers, rng: np.random.Generator) -> Genes:
        """Move all ordered choices of designs to levels, (n, choices).

        Between two options chance decides, choice by choice, so that the mean is the level.

        Args:
            genes: Designs, (n, choices), whose other choices stay; those that become active by the
                move are drawn.
            levels: For each axis, (n, axes).
            rng: Randomness.
        """
        free = rng.integers(self._coding.cardinalities, size=genes.shape)
        moved = np.where(self._coding.active(genes), genes, free)
        for group, level in zip(self._groups, levels.T, strict=True):
            exact = np.clip(level, 0, 1)[:, None] * self._last[group]
            up = rng.random(exact.shape)
            moved[:, group] = np.minimum(np.floor(exact + up), self._last[group])
        return self._coding.settled(moved)
