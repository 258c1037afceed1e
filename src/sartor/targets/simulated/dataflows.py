"""In which order a systolic array multiplies two matrices.

A product has `m` rows, `k` inner numbers and `n` columns: for a convolution pixels, weights of one
output and outputs. Inputs are (m, k), weights (k, n), outputs (m, n). The array has `rows` x
`columns` processing elements; what does not fit at once is folded.

Source:
    Samajdar et al. 2018, SCALE-Sim, arXiv:1811.02883; its simulator gives the same cycles.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from sartor.registry import Registry


@dataclass(frozen=True, slots=True)
class Folds:
    """How a product is folded on an array, and what then moves."""

    stationary: int
    """Times that the array is filled with what stays in it."""
    cycles: int
    """Of one fold: filling, streaming and draining."""
    partial: int
    """Times that each output is added to: folds along `k`, 1 where sums stay in the array."""
    passes_inputs: int
    """Times that all inputs are streamed through the array."""
    passes_weights: int
    """Times that all weights are."""
    open_outputs: int
    """Sums that are unfinished at a time, outside of the array."""


Dataflow = Callable[[int, int, int, int, int], Folds]
"""Folds of a product: m, k, n, rows, columns."""

DATAFLOWS: Registry[Dataflow] = Registry("dataflow")
"""By what stays in the processing elements."""


@DATAFLOWS.register("weight", "Weights stay; inputs stream through; sums leave.")
def weight_stationary(m: int, k: int, n: int, rows: int, columns: int) -> Folds:
    """Fold k over the rows and n over the columns; for each column fold all of k in turn."""
    along_k, along_n = math.ceil(k / rows), math.ceil(n / columns)
    cycles = 2 * rows + columns + m - 2
    return Folds(along_k * along_n, cycles, along_k, along_n, 1, m * min(n, columns))


@DATAFLOWS.register("output", "Sums stay; inputs and weights stream through.")
def output_stationary(m: int, k: int, n: int, rows: int, columns: int) -> Folds:
    """Fold m over the rows and n over the columns."""
    along_m, along_n = math.ceil(m / rows), math.ceil(n / columns)
    return Folds(along_m * along_n, rows + columns + k - 2, 1, along_n, along_m, 0)


@DATAFLOWS.register("input", "Inputs stay; weights stream through; sums leave.")
def input_stationary(m: int, k: int, n: int, rows: int, columns: int) -> Folds:
    """Fold k over the rows and m over the columns; for each column fold all of k in turn."""
    along_k, along_m = math.ceil(k / rows), math.ceil(m / columns)
    cycles = 2 * rows + columns + n - 2
    return Folds(along_k * along_m, cycles, along_k, 1, along_m, n * min(m, columns))
