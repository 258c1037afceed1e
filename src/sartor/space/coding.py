"""Designs as rows of whole numbers, to draw, cross, mutate and encode thousands in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sartor.space.choice import Choice

Genes = npt.NDArray[np.int64]
"""The positions of a design's options, (choices,), or those of several, (n, choices)."""
Encoded = npt.NDArray[np.floating]
"""Designs as features, (n, features). Single precision serves: predictors see tens of thousands."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the numbers are that describe a design, (features,) each."""

    kinds: Genes
    """Alike in meaning: 0 for options, 1 for ranks, 2 for counts."""
    groups: Genes
    """Of one choice, or of one set of choices that are counted together."""


class Coding:
    """How the designs of a space are written as genes: the position of every option, 0 if inactive.

    Everything that is returned is settled: genes of inactive choices are 0, so that equal designs
    have equal genes.

    Args:
        choices: Of the space, in its order.
    """

    def __init__(self, choices: Sequence[Choice]) -> None:
        self.cardinalities: Genes = np.array([len(it.options) for it in choices], np.int64)
        place = {it.name: position for position, it in enumerate(choices)}
        self._conditions = [
            (position, place[when.choice], _allowed(choices[place[when.choice]], when.options))
            for position, choice in enumerate(choices)
            for when in choice.when
        ]
        several = self.cardinalities > 1
        self._ordered = np.array([it.ordered for it in choices], bool) & several
        self._alike = _alike(choices)
        self._options = _options(self.cardinalities)
        self._counted = _counted(self.cardinalities, self._alike)
        self.features = _described(self.cardinalities, self._ordered, self._alike)
        """What the numbers are that `featured` returns."""
        # Odd multipliers: sums that wrap around tell rows apart as a hash does.
        rng = np.random.default_rng(0)
        self._multipliers = rng.integers(2**62, size=len(choices), dtype=np.int64) * 2 + 1

    def active(self, genes: Genes) -> npt.NDArray[np.bool_]:
        """Tell which choices are active, (n, choices)."""
        on = np.ones(genes.shape, bool)
        for position, parent, allowed in self._conditions:
            # A parent stands before its child, so that it is decided already.
            on[:, position] &= on[:, parent] & allowed[genes[:, parent]]
        return on

    def every(self) -> Genes:
        """Return all designs, (designs, choices); for small spaces."""
        grid = np.indices(tuple(self.cardinalities.tolist())).reshape(len(self.cardinalities), -1).T
        return np.unique(self.settled(grid), axis=0)

    def settled(self, genes: Genes) -> Genes:
        """Return genes with those of inactive choices set to 0, (n, choices)."""
        return np.where(self.active(genes), genes, 0)

    def drawn(self, count: int, rng: np.random.Generator) -> Genes:
        """Draw every active choice uniformly, (count, choices)."""
        return self.settled(self._free(count, rng))

    def leaning(self, levels: npt.NDArray[np.float64], rng: np.random.Generator) -> Genes:
        """Draw designs whose ordered choices stand near a level, (n, choices).

        Args:
            levels: 0 for the first options, 1 for the last, (n,).
            rng: Randomness.
        """
        last = self.cardinalities - 1
        away = 0.25 * rng.standard_normal((len(levels), len(last)))
        near = np.rint(last * np.clip(levels[:, None] + away, 0, 1)).astype(np.int64)
        return self.settled(np.where(self._ordered, near, self._free(len(levels), rng)))

    def mutated(self, genes: Genes, rng: np.random.Generator, rate: float) -> Genes:
        """Change every active choice with probability `rate`, and at least one, (n, choices).

        Ordered choices move to a neighbour half of the time. Choices that become active are drawn.
        """
        active = self.active(genes)
        hit = rng.random(genes.shape) < rate
        movable = active & (self.cardinalities > 1)
        sure = np.argmax(np.where(movable, rng.random(genes.shape), -1.0), axis=1)
        hit[np.arange(len(genes)), sure] = True
        away = 1 + rng.integers(np.maximum(self.cardinalities - 1, 1), size=genes.shape)
        moved = (genes + away) % self.cardinalities
        step = genes + rng.choice([-1, 1], size=genes.shape)
        last = self.cardinalities - 1
        step = np.where(step < 0, 1, np.where(step > last, last - 1, step))
        near = self._ordered & (rng.random(genes.shape) < 0.5)
        changed = np.where(near, step, moved)
        return self.settled(np.where(hit & active, changed, self._filled(genes, rng)))

    def crossed(self, ones: Genes, others: Genes, rng: np.random.Generator) -> Genes:
        """Take every choice from one of two parents, with equal chance, (n, choices).

        A choice that is active in none of the two is drawn where it becomes so.
        """
        first, second = self._filled(ones, rng), self._filled(others, rng)
        return self.settled(np.where(rng.random(ones.shape) < 0.5, first, second))

    def fixed(self, genes: Genes, options: Mapping[int, int], rng: np.random.Generator) -> Genes:
        """Set some choices (option by choice, as positions); draw what becomes active by that."""
        filled = self._filled(genes, rng)
        for choice, option in options.items():
            filled[:, choice] = option
        return self.settled(filled)

    def neighbours(self, genes: Genes) -> Genes:
        """Return all designs that differ in one choice from one, (choices,), as (n, choices).

        What becomes active by that has its first option.
        """
        choices = np.repeat(np.arange(len(genes)), self.cardinalities)
        other = self.active(genes[None])[0][choices] & (self._options != genes[choices])
        rows = np.repeat(genes[None], other.sum(), axis=0)
        rows[np.arange(len(rows)), choices[other]] = self._options[other]
        return self.settled(rows)

    def featured(self, genes: Genes) -> Encoded:
        """Encode designs for a predictor, (n, features), as `features` describes.

        Choices are one-hot (inactive ones all zeros). Then follow the ranks of ordered ones, 0 to
        1, and for choices with the same options how many of them have each, which often tells more
        than where they stand.
        """
        active = self.active(genes)
        # Options of all choices side by side: -1 is none of them.
        chosen = np.where(active, genes, -1).astype(np.int32)
        options, ranked = len(self._options), np.flatnonzero(self._ordered)
        features = np.empty((len(genes), len(self.features.kinds)), np.float32)
        hot, ranks, counts = np.split(features, [options, options + len(ranked)], axis=1)
        np.equal(np.repeat(chosen, self.cardinalities, axis=1), self._options, out=hot)
        ranks[:] = genes[:, ranked] / (self.cardinalities[ranked] - 1) * active[:, ranked]
        np.matmul(hot, self._counted, out=counts)
        return features

    def keys(self, genes: Genes) -> npt.NDArray[np.int64]:
        """Return a number for each design that no other is likely to have, (n,)."""
        with np.errstate(over="ignore"):
            keys: npt.NDArray[np.int64] = ((genes + 1) * self._multipliers).sum(axis=1)
        return keys

    def _filled(self, genes: Genes, rng: np.random.Generator) -> Genes:
        """Draw the genes of inactive choices, so that none is favoured, (n, choices)."""
        return np.where(self.active(genes), genes, self._free(len(genes), rng))

    def _free(self, count: int, rng: np.random.Generator) -> Genes:
        """Draw all genes, those of inactive choices too, (count, choices)."""
        return rng.integers(self.cardinalities, size=(count, len(self.cardinalities)))


def _allowed(parent: Choice, options: Sequence[object]) -> npt.NDArray[np.bool_]:
    """Tell which options of a choice make another one active, (options,)."""
    return np.array([option in options for option in parent.options], bool)


def _alike(choices: Sequence[Choice]) -> list[Genes]:
    """Group choices that have the same options, two and more, by their positions."""
    groups: dict[tuple[tuple[object, ...], bool], list[int]] = {}
    for position, choice in enumerate(choices):
        groups.setdefault((choice.options, choice.ordered), []).append(position)
    return [
        np.array(it) for it in groups.values() if len(it) > 1 and len(choices[it[0]].options) > 1
    ]


def _options(cardinalities: Genes) -> npt.NDArray[np.int32]:
    """Return the positions of all options of all choices, side by side."""
    return np.concatenate([np.arange(count, dtype=np.int32) for count in cardinalities])


def _counted(cardinalities: Genes, alike: list[Genes]) -> Encoded:
    """Return the matrix that counts options over choices that are alike, (options, counts)."""
    before = np.cumsum(cardinalities) - cardinalities
    counts = [np.zeros((int(cardinalities.sum()), cardinalities[it[0]])) for it in alike]
    for matrix, group in zip(counts, alike, strict=True):
        options = np.arange(matrix.shape[1])
        matrix[before[group][:, None] + options, options] = 1
    none = np.zeros((int(cardinalities.sum()), 0))
    return np.hstack([none, *counts]).astype(np.float32)


def _described(
    cardinalities: Genes, ordered: npt.NDArray[np.bool_], alike: list[Genes]
) -> Features:
    choices = len(cardinalities)
    counted = [np.full(cardinalities[it[0]], choices + number) for number, it in enumerate(alike)]
    parts = [np.repeat(np.arange(choices), cardinalities), np.flatnonzero(ordered), *counted]
    kinds = [0, 1, *(2 for _ in alike)]
    return Features(
        kinds=np.repeat(kinds, [len(part) for part in parts]), groups=np.concatenate(parts)
    )
