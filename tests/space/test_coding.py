"""Genes of many designs mean what the designs mean one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_space import spaces

from sartor.space import Choice, Condition, Space

WIDE = (Condition("kind", ("plain", "fused")),)
SPACE = Space(
    [
        Choice("kind", ("plain", "fused", "none")),
        Choice("width", (8, 16, 24, 32), ordered=True, when=WIDE),
        Choice("expand", (2, 4), ordered=True, when=(Condition("kind", ("fused",)),)),
        Choice("fixed", (1,)),
    ]
)
seeds = st.integers(0, 1000)


@given(spaces(), seeds)
def test_designs_survive_being_encoded(space: Space, seed: int) -> None:
    genes = space.coding.drawn(20, np.random.default_rng(seed))
    designs = space.decode(genes)
    np.testing.assert_array_equal(space.encode(designs), genes)
    assert all(design in space for design in designs)


@given(spaces(), seeds)
def test_choices_are_active_where_the_design_has_them(space: Space, seed: int) -> None:
    genes = space.coding.drawn(20, np.random.default_rng(seed))
    there = [[it.name in design for it in space.choices] for design in space.decode(genes)]
    np.testing.assert_array_equal(space.coding.active(genes), there)


@given(spaces(), seeds)
def test_keys_are_equal_where_designs_are(space: Space, seed: int) -> None:
    genes = space.coding.drawn(40, np.random.default_rng(seed))
    keys = space.coding.keys(genes)
    assert len(set(keys.tolist())) == len(set(space.decode(genes)))


@given(spaces(), seeds)
def test_what_is_bred_of_designs_is_of_the_space(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    coding = space.coding
    ones, others = coding.drawn(12, rng), coding.drawn(12, rng)
    bred = [
        coding.mutated(ones, rng, 0.3),
        coding.crossed(ones, others, rng),
        coding.leaning(np.linspace(0, 1, 12), rng),
        coding.neighbours(ones[0]),
    ]
    for genes in bred:
        np.testing.assert_array_equal(space.encode(space.decode(genes)), genes)


def test_a_mutation_always_changes_something_where_it_can() -> None:
    rng = np.random.default_rng(0)
    genes = SPACE.coding.drawn(500, rng)
    mutated = SPACE.coding.mutated(genes, rng, 0.0)
    assert (mutated != genes).any(axis=1).all()


def test_a_crossing_takes_every_active_choice_from_a_parent() -> None:
    rng = np.random.default_rng(0)
    ones, others = SPACE.coding.drawn(500, rng), SPACE.coding.drawn(500, rng)
    crossed = SPACE.coding.crossed(ones, others, rng)
    both = SPACE.coding.active(ones) & SPACE.coding.active(others) & SPACE.coding.active(crossed)
    assert both.sum() > 1000
    assert ((crossed == ones) | (crossed == others) | ~both).all()


def test_neighbours_differ_in_one_choice_and_what_depends_on_it() -> None:
    design = SPACE.design({"kind": "fused", "width": 16, "expand": 4, "fixed": 1})
    found = SPACE.decode(SPACE.coding.neighbours(SPACE.genes(design)))
    assert len(found) == len(set(found)) == 2 + 3 + 1
    assert SPACE.design({"kind": "none", "fixed": 1}) in found
    assert SPACE.design({"kind": "fused", "width": 32, "expand": 4, "fixed": 1}) in found
    assert design not in found


def test_fixed_choices_are_what_they_are_set_to() -> None:
    rng = np.random.default_rng(0)
    genes = SPACE.coding.fixed(SPACE.coding.drawn(200, rng), {0: 1, 1: 2}, rng)
    assert (genes[:, 0] == 1).all()
    assert (genes[:, 1] == 2).all()
    assert set(genes[:, 2]) == {0, 1}


@given(spaces())
def test_every_design_is_listed_once(space: Space) -> None:
    genes = space.coding.every()
    assert len(set(space.coding.keys(genes).tolist())) == len(genes) == space.count()
    np.testing.assert_array_equal(space.encode(space.decode(genes)), genes)


def test_choices_with_the_same_options_are_counted_together() -> None:
    edges = ("none", "conv", "pool")
    space = Space([*(Choice(f"edge{i}", edges) for i in range(3)), Choice("other", (1, 2))])
    rows = space.coding.featured(np.array([[1, 1, 2, 0], [0, 0, 0, 1]]))
    assert rows[:, -3:].tolist() == [[0, 2, 1], [3, 0, 0]]
    assert space.coding.features.kinds.tolist() == [0] * 11 + [2] * 3
    assert space.coding.features.groups.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 2 + [4] * 3


def test_inactive_choices_are_not_counted() -> None:
    when = (Condition("deep", (True,)),)
    space = Space(
        [
            Choice("deep", (False, True)),
            Choice("a", (3, 5), ordered=True),
            Choice("b", (3, 5), ordered=True, when=when),
        ]
    )
    rows = space.coding.featured(np.array([[0, 0, 0], [1, 0, 0]]))
    assert rows[:, -2:].tolist() == [[1, 0], [2, 0]]
