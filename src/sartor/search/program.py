"""Sums of terms as a mathematical program: the design at which one is highest, others bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.search.protocol import Numbers
from sartor.search.sums import Pair, Sum, block, one_hot
from sartor.space import Genes, Space

GAP = 1e-6
"""By which share a solution may be below the best."""
NODES = 2000
"""Nodes of the search tree of one program, at most."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A sum that is not to be above a number."""

    sum: Sum
    highest: float


class Program:
    """Find the designs of a space at which one sum is highest while others keep their bounds.

    Every option is a variable that is 0 or 1, and so is that a choice is idle. Products of those
    of two choices are variables too, which add up to those of each; with whole numbers that is all
    that need be said of them.

    Args:
        space: Of the designs.
        sums: All that may be maximised or bounded.
    """

    def __init__(self, space: Space, sums: Sequence[Sum]) -> None:
        self._coding = space.coding
        self._options = int(space.cardinalities.sum())
        self._places: dict[Pair, int] = {}
        size = self._options + len(space)
        for pair in sorted({pair for it in sums for pair in it.pairs}):
            self._places[pair] = size
            size += int((space.cardinalities[list(pair)] + 1).prod())
        self._size = size
        self._rows = _Rows(size)
        self._make_active(space)
        for pair in self._places:
            self._make_product(pair)

    def best(
        self, goal: Sum, bounds: Sequence[Bound], but: Genes, near: tuple[Genes, int] | None = None
    ) -> tuple[Genes, float] | None:
        """Solve the program.

        Args:
            goal: The sum that is to be high.
            bounds: What others are not to exceed.
            but: Designs that are not wanted, (n, choices).
            near: A design, (choices,), and how many of its options are changed at most.

        Returns:
            The genes of the best design, (choices,), and what the sum of no design exceeds; None
            where there is none, or none was found in time.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        rows = self._rows.copy()
        for bound in bounds:
            rows.add(self._terms(bound.sum), -np.inf, bound.highest - bound.sum.constant)
        for taken in self._hot(but):
            rows.add(taken, -np.inf, taken.sum() - 1)
        if near is not None:
            (held,) = self._hot(near[0][None])
            rows.add(held, held.sum() - near[1], np.inf)
        integral = np.arange(self._size) < self._options
        terms = self._terms(goal)
        scale = float(np.abs(terms).max()) or 1.0
        matrix, low, high = rows.built()
        done = milp(
            -terms / scale,
            integrality=integral.astype(int),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, low, high),
            options={"mip_rel_gap": GAP, "node_limit": NODES},
        )
        if done.x is None:
            return None
        return self._genes(done.x), goal.constant - scale * float(done.mip_dual_bound)

    def _genes(self, solution: Numbers) -> Genes:
        parts = [solution[block(self._coding, it)] for it in range(len(self._coding.cardinalities))]
        chosen = np.array([[int(np.argmax(part)) for part in parts]], np.int64)
        genes: Genes = self._coding.settled(chosen)[0]
        return genes

    def _hot(self, genes: Genes) -> Numbers:
        """Return the variables of designs, (n, size), without products."""
        hot = np.zeros((len(genes), self._size))
        hot[:, : self._options] = one_hot(self._coding, genes)
        return hot

    def _terms(self, it: Sum) -> Numbers:
        terms = np.zeros(self._size)
        terms[: self._options] = it.singles
        for pair, values in it.pairs.items():
            terms[self._products(pair)[:-1, :-1]] = values
        return terms

    def _states(self, choice: int) -> Genes:
        """Return the places of the options of a choice, and of its being idle."""
        own = np.arange(self._options)[block(self._coding, choice)]
        return np.append(own, self._options + choice)

    def _products(self, pair: Pair) -> Genes:
        """Return the places of the products of two choices, (states, states of the other)."""
        shape = (self._coding.cardinalities[list(pair)] + 1).tolist()
        return self._places[pair] + np.arange(shape[0] * shape[1]).reshape(shape)

    def _make_active(self, space: Space) -> None:
        """A choice has one option where all its conditions hold, and else is idle."""
        for position, choice in enumerate(space.choices):
            states = self._states(position)
            self._rows.add(self._weights((states, 1.0)), 1, 1)
            holding = []
            for when in choice.when:
                parent = self._states(space.position(when.choice))
                known = space[when.choice]
                holding.append(parent[[known.index(option) for option in when.options]])
            for places in holding:
                self._rows.add(self._weights((states[:-1], 1.0), (places, -1.0)), -np.inf, 0)
            every = np.concatenate([states[:0], *holding])
            row = self._weights((states[:-1], 1.0), (every, -1.0))
            self._rows.add(row, 1 - len(holding), np.inf)

    def _make_product(self, pair: Pair) -> None:
        places = self._products(pair)
        for choice, lines in zip(pair, (places, places.T), strict=True):
            for state, line in zip(self._states(choice), lines, strict=True):
                self._rows.add(self._weights((line, 1.0), (state, -1.0)), 0, 0)

    def _weights(self, *given: tuple[Genes, float]) -> Numbers:
        """Return a row that has weights at places."""
        row = np.zeros(self._size)
        for places, weight in given:
            np.add.at(row, places, weight)
        return row


class _Rows:
    """Linear constraints as they come."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._places: list[npt.NDArray[np.int64]] = []
        self._values: list[Numbers] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def copy(self) -> "_Rows":
        """Return one that grows alone."""
        twin = _Rows(self._size)
        twin._places, twin._values = [*self._places], [*self._values]
        twin._low, twin._high = [*self._low], [*self._high]
        return twin

    def add(self, row: Numbers, low: float, high: float) -> None:
        """Add a row, (size,), whose product with the variables lies between two numbers."""
        places = np.flatnonzero(row)
        self._places.append(places)
        self._values.append(row[places])
        self._low.append(low)
        self._high.append(high)

    def built(self) -> tuple[Any, Numbers, Numbers]:
        """Return the sparse matrix, (rows, size), and the bounds of its products, (rows,) each."""
        from scipy.sparse import csr_matrix

        ends = np.cumsum([0, *(len(it) for it in self._places)])
        matrix = csr_matrix(
            (np.concatenate(self._values), np.concatenate(self._places), ends),
            (len(self._places), self._size),
        )
        return matrix, np.array(self._low), np.array(self._high)
