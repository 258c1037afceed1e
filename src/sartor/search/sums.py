"""Metrics as sums of terms of single options and of pairs, fitted to estimates."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sartor.search.protocol import Numbers
from sartor.space import Coding, Genes

Pair = tuple[int, int]

PAIRS_AT_ONCE = 8
"""Pairs of choices that join a sum between two fits."""
EXACT = 1e-9
"""Share of the spread of the values below which an error counts as none."""
ROWS = 2
"""Designs for each number that is fitted, at least; one where they are all there are."""
LEFT_OUT, FEW = 0.25, 8
"""Share of the designs on which errors are told, where they are not too few."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A metric as a constant and terms of single options and of pairs of options.

    Args:
        constant: What all designs have.
        singles: The terms of all options, (options,), choice after choice.
        pairs: The terms of two choices, (options of one, options of the other).
        error: The largest difference on designs that it was not fitted on.
    """

    constant: float
    singles: Numbers
    pairs: Mapping[Pair, Numbers]
    error: float


def fitted(coding: Coding, genes: Genes, values: Numbers, *, whole: bool, rounds: int) -> Sum:
    """Fit a sum to a metric by least squares, with the pairs that explain most.

    Args:
        coding: Of the designs.
        genes: Designs, (n, choices).
        values: Of the metric, (n,), finite.
        whole: The designs are all there are, so that none need be left out to tell the error; nor
            are any of less than `FEW`.
        rounds: So many times pairs join at most.
    """
    every = whole or len(genes) < FEW
    count = len(genes) if every else int(len(genes) * (1 - LEFT_OUT))
    judged = slice(None) if every else slice(count, None)
    hot = one_hot(coding, genes)
    none = EXACT * float(np.ptp(values))
    chosen: list[Pair] = []
    least, best = np.inf, Sum(0.0, np.zeros(hot.shape[1]), {}, np.inf)
    for _ in range(rounds + 1):
        columns = np.hstack(
            [np.ones((len(genes), 1)), hot, *(_products(coding, hot, it) for it in chosen)]
        )
        found = np.asarray(np.linalg.lstsq(columns[:count], values[:count], rcond=None)[0], float)
        left = values - columns @ found
        wrong = float(np.sqrt(np.mean(left[judged] ** 2)))
        if wrong < least:
            error = float(np.abs(left[judged]).max(initial=0.0))
            least, best = wrong, _sum(coding, found, chosen, error)
        if best.error <= none:
            break
        room = (count if whole else count // ROWS) - columns.shape[1]
        more = _explaining(coding, genes[:count], left[:count], chosen)
        more = [it for it, total in zip(more, _sizes(coding, more), strict=True) if total <= room]
        if not more:
            break
        chosen += more
    return best


def value_of(coding: Coding, it: Sum, genes: Genes) -> float:
    """Add up the terms of a design, (choices,)."""
    hot = one_hot(coding, genes[None])
    products = [
        (_products(coding, hot, pair) * terms.ravel()).sum() for pair, terms in it.pairs.items()
    ]
    return float(it.constant + hot[0] @ it.singles + sum(products))


def one_hot(coding: Coding, genes: Genes) -> Numbers:
    """Tell which options designs have, (n, options); of inactive choices none."""
    return np.asarray(coding.featured(genes)[:, : int(coding.cardinalities.sum())], np.float64)


def block(coding: Coding, choice: int) -> slice:
    """Return where the options of a choice stand among all."""
    end = int(coding.cardinalities[: choice + 1].sum())
    return slice(end - int(coding.cardinalities[choice]), end)


def _products(coding: Coding, hot: Numbers, pair: Pair) -> Numbers:
    one, other = (hot[:, block(coding, choice)] for choice in pair)
    return (one[:, :, None] * other[:, None, :]).reshape(len(hot), -1)


def _sizes(coding: Coding, pairs: Sequence[Pair]) -> list[int]:
    """Return how many numbers the pairs up to each have."""
    return list(
        itertools.accumulate(int(coding.cardinalities[list(pair)].prod()) for pair in pairs)
    )


def _sum(coding: Coding, found: Numbers, pairs: Sequence[Pair], error: float) -> Sum:
    options = int(coding.cardinalities.sum())
    terms, place = {}, 1 + options
    for pair, end in zip(pairs, _sizes(coding, pairs), strict=True):
        shape = tuple(coding.cardinalities[list(pair)].tolist())
        terms[pair] = found[place : 1 + options + end].reshape(shape)
        place = 1 + options + end
    return Sum(float(found[0]), found[1 : 1 + options], terms, error)


def _explaining(coding: Coding, genes: Genes, left: Numbers, known: Sequence[Pair]) -> list[Pair]:
    """Return the pairs whose means explain most of what is left, most first.

    A pair is better than another by what its means explain beyond what as many would by chance.
    """
    active = coding.active(genes)
    noise = float(np.mean(left**2))
    gains = []
    for pair in itertools.combinations(np.flatnonzero(coding.cardinalities > 1).tolist(), 2):
        if pair in known:
            continue
        one, other = pair
        both = active[:, one] & active[:, other]
        cells = genes[both, one] * coding.cardinalities[other] + genes[both, other]
        counts = np.bincount(cells)
        sums = np.bincount(cells, left[both])
        met = counts > 0
        gain = float((sums[met] ** 2 / counts[met]).sum()) - noise * int(met.sum())
        if gain > 0:
            gains.append((-gain, pair))
    return [pair for _, pair in sorted(gains)[:PAIRS_AT_ONCE]]
