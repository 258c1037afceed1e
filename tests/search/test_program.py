"""Programs recovered from estimates, against looking at every design."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sartor.search.program import Bound, Program
from sartor.search.sums import Sum, fitted, one_hot
from sartor.space import Choice, Condition, Genes, Space

SPACE = Space(
    [
        Choice("a", (1, 2, 3), ordered=True),
        Choice("b", ("x", "y"), when=(Condition("a", (2, 3)),)),
        Choice("c", (4, 5), when=(Condition("a", (3,)), Condition("b", ("y",)))),
        Choice("d", (6, 7, 8)),
        Choice("e", (9,)),
    ]
)
EVERY = SPACE.coding.every()
SIZES = SPACE.cardinalities
CODING = SPACE.coding


def drawn(rng: np.random.Generator, pairs: int) -> Sum:
    every = list(itertools.combinations(range(len(SIZES)), 2))
    chosen = [every[it] for it in rng.choice(len(every), pairs, replace=False)]
    terms = {pair: rng.normal(size=SIZES[list(pair)]) for pair in chosen}
    return Sum(float(rng.normal()), rng.normal(size=int(SIZES.sum())), terms, 0.0)


def value(it: Sum, genes: Genes) -> np.ndarray:
    """Add up the terms of designs, written out."""
    active = CODING.active(genes)
    starts = np.cumsum(SIZES) - SIZES
    totals = []
    for row, on in zip(genes, active, strict=True):
        total = it.constant + sum(it.singles[starts[c] + row[c]] for c in range(len(row)) if on[c])
        total += sum(
            terms[row[one], row[other]]
            for (one, other), terms in it.pairs.items()
            if on[one] and on[other]
        )
        totals.append(total)
    return np.array(totals)


@given(seed=st.integers(0, 10_000), pairs=st.integers(0, 6), taken=st.integers(0, 6))
@settings(max_examples=60)
def test_the_solution_is_the_best_of_all_designs(seed: int, pairs: int, taken: int) -> None:
    rng = np.random.default_rng(seed)
    goal, other = drawn(rng, pairs), drawn(rng, min(pairs, 3))
    values, others = value(goal, EVERY), value(other, EVERY)
    highest = float(np.quantile(others, 0.5))
    but = EVERY[np.argsort(-values)[:taken]]
    allowed = (others <= highest) & ~(EVERY[:, None] == but[None]).all(2).any(1)
    found = Program(SPACE, [goal, other]).best(goal, [Bound(other, highest)], but)
    if not allowed.any():
        assert found is None
        return
    assert found is not None
    genes, bound = found
    (reached,) = value(goal, genes[None])
    assert reached == pytest.approx(values[allowed].max(), abs=1e-5)
    assert value(other, genes[None])[0] <= highest + 1e-5
    assert bound == pytest.approx(reached, abs=1e-4)


@given(seed=st.integers(0, 10_000), changes=st.integers(0, 4))
@settings(max_examples=30)
def test_few_options_are_changed_where_that_is_asked(seed: int, changes: int) -> None:
    rng = np.random.default_rng(seed)
    goal = drawn(rng, 2)
    centre = EVERY[rng.integers(len(EVERY))]
    none = np.empty((0, len(SPACE)), np.int64)
    found = Program(SPACE, [goal]).best(goal, [], none, (centre, changes))
    hot = one_hot(CODING, EVERY)
    (held,) = one_hot(CODING, centre[None])
    near = hot @ held >= held.sum() - changes
    assert found is not None
    assert value(goal, found[0][None])[0] == pytest.approx(value(goal, EVERY[near]).max(), abs=1e-5)


@given(seed=st.integers(0, 10_000), chosen=st.sets(st.sampled_from([(0, 1), (1, 2), (0, 3)])))
@settings(max_examples=30)
def test_what_is_a_sum_of_pairs_is_recovered(seed: int, chosen: set[tuple[int, int]]) -> None:
    space = Space([Choice(f"c{number}", (0, 1, 2)) for number in range(4)])
    rng, every = np.random.default_rng(seed), space.coding.every()
    values = rng.normal(size=(4, 3))[np.arange(4), every].sum(1)
    for one, other in chosen:
        values += rng.normal(size=(3, 3))[every[:, one], every[:, other]]
    found = fitted(space.coding, every, values, whole=True, rounds=6)
    assert found.error < 1e-6
    assert set(found.pairs) >= chosen


@given(seed=st.integers(0, 10_000), pairs=st.integers(0, 6))
@settings(max_examples=30)
def test_the_error_is_that_of_the_terms(seed: int, pairs: int) -> None:
    values = value(drawn(np.random.default_rng(seed), pairs), EVERY)
    found = fitted(CODING, EVERY, values, whole=True, rounds=6)
    assert found.error == pytest.approx(np.abs(value(found, EVERY) - values).max(), abs=1e-9)


def test_the_error_is_told_on_designs_that_were_left_out() -> None:
    space = Space([Choice(f"c{number}", (0, 1, 2)) for number in range(6)])
    rng = np.random.default_rng(0)
    genes = space.coding.drawn(400, rng)
    noise = rng.normal(size=400)
    found = fitted(space.coding, genes, noise, whole=False, rounds=6)
    assert found.error > 2  # noise is not learned
    exact = fitted(space.coding, genes, genes.sum(1) * 1.0, whole=False, rounds=6)
    assert exact.error < 1e-9
    assert exact.pairs == {}


def test_values_that_do_not_differ_are_a_constant() -> None:
    found = fitted(CODING, EVERY, np.full(len(EVERY), 3.0), whole=True, rounds=6)
    np.testing.assert_allclose(value(found, EVERY), 3.0)
