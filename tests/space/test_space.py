"""Spaces, designs and their encodings."""

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.errors import OptionError
from sartor.space import Choice, Condition, Design, Option, Space


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Small spaces whose choices depend on earlier ones."""
    choices: list[Choice] = []
    for number in range(draw(st.integers(1, 5))):
        options = tuple(range(draw(st.integers(1, 3))))
        when: tuple[Condition, ...] = ()
        depends = draw(st.booleans())
        if choices and depends:
            parent = draw(st.sampled_from(choices))
            some = list(parent.options[: draw(st.integers(1, len(parent.options)))])
            when = (Condition(parent.name, tuple(some)),)
        choices.append(Choice(f"c{number}", options, ordered=draw(st.booleans()), when=when))
    return Space(choices)


def everything(space: Space) -> set[Design]:
    """List all designs by brute force."""
    genes = itertools.product(*(range(len(choice.options)) for choice in space.choices))
    return {space.from_genes(list(row)) for row in genes}


def crossed(space: Space, one: Design, other: Design, rng: np.random.Generator) -> Design:
    ones, others = space.encode([one, other])[:, None]
    return space.from_genes(space.coding.crossed(ones, others, rng)[0])


@given(spaces())
def test_count_is_the_number_of_designs(space: Space) -> None:
    assert space.count() == len(everything(space))


@given(spaces(), st.integers(0, 1000))
def test_what_is_drawn_mutated_or_crossed_is_of_the_space(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = space.sample(rng), space.sample(rng)
    for design in (one, space.mutate(one, rng, 0.3), crossed(space, one, other, rng)):
        assert design in space
        assert space.from_genes(space.genes(design)) == design


@given(spaces())
def test_features_tell_designs_apart(space: Space) -> None:
    designs = sorted(everything(space), key=lambda it: it.to_json())
    rows = {tuple(row) for row in space.coding.featured(space.encode(designs))}
    assert len(rows) == len(designs)


@given(spaces(), st.integers(0, 1000))
def test_everything_drawn_stands_among_what_is_counted(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = {space.sample(rng) for _ in range(20)}
    found |= {space.mutate(design, rng, 1.0) for design in found}
    assert found <= everything(space)


def test_mutation_and_crossing_reach_every_design() -> None:
    rng = np.random.default_rng(0)
    whole = everything(SPACE)
    for start in whole:
        assert {SPACE.mutate(start, rng, 0.5) for _ in range(200)} == whole - {start}
    one, other = SPACE.design({"kind": "plain"}), SPACE.design({"kind": "fused", "expand": 4})
    assert {crossed(SPACE, one, other, rng) for _ in range(200)} == whole


@given(spaces(), st.integers(0, 1000))
def test_the_same_seed_draws_the_same(space: Space, seed: int) -> None:
    def walk() -> list[Design]:
        rng = np.random.default_rng(seed)
        steps = [space.sample(rng)]
        for _ in range(5):
            steps.append(space.mutate(steps[-1], rng, 0.3))
            steps.append(crossed(space, steps[0], steps[-1], rng))
        return steps

    assert walk() == walk()


@given(st.permutations([("a", 1), ("b", "x"), ("c", True), ("d", 0.5)]))
def test_a_design_does_not_know_the_order_it_was_given_in(items: list[tuple[str, Option]]) -> None:
    design = Design(dict(items))
    first = Design({"a": 1, "b": "x", "c": True, "d": 0.5})
    assert (design, hash(design), design.id) == (first, hash(first), first.id)
    assert design.to_json() == '{"a":1,"b":"x","c":true,"d":0.5}'


def test_options_are_kept_as_the_space_writes_them() -> None:
    space = Space([Choice("width", (8, 16))])
    assert space.design({"width": 8.0}).id == space.design({"width": 8}).id


@given(spaces(), st.integers(0, 1000))
def test_a_design_survives_json(space: Space, seed: int) -> None:
    design = space.sample(np.random.default_rng(seed))
    again = Design.from_json(design.to_json())
    assert again == design
    assert again.id == design.id
    assert hash(again) == hash(design)


@given(spaces())
def test_extremes_take_the_first_and_the_last_options(space: Space) -> None:
    first, last = space.extreme(0), space.extreme(-1)
    assert all(first[name] == space[name].options[0] for name in first)
    assert all(last[name] == space[name].options[-1] for name in last)


def test_an_id_is_the_same_in_every_process() -> None:
    code = "from sartor.space import Design; print(Design({'b': 1, 'a': 'x'}).id)"
    assert Design({"a": "x", "b": 1}).id == "cdab067e9f"  # golden: ids name folders in old runs
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        assert found.stdout.strip() == "cdab067e9f"


def test_spaces_add_up() -> None:
    both = Space([Choice("a", (1, 2))]) + Space([Choice("b", (1, 2, 3))])
    assert both.count() == 6
    assert [choice.name for choice in both.choices] == ["a", "b"]


SPACE = Space(
    [
        Choice("kind", ("plain", "fused")),
        Choice("expand", (2, 4), ordered=True, when=(Condition("kind", ("fused",)),)),
    ]
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "fused"}, "no option for 'expand'"),
        ({"kind": "wide"}, "kind is 'wide'; allowed: plain, fused"),
        ({"kind": "plain", "expnd": 2}, "no choice called 'expnd'. Did you mean 'expand'"),
    ],
)
def test_a_wrong_design_is_refused_with_what_is_wrong(
    options: Mapping[str, Option], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        SPACE.design(options)


def test_options_of_inactive_choices_are_dropped_or_refused() -> None:
    assert dict(SPACE.design({"kind": "plain", "expand": 2})) == {"kind": "plain"}
    assert Design({"kind": "plain", "expand": 2}) not in SPACE


@pytest.mark.parametrize(
    "choices",
    [
        [Choice("a", (1,)), Choice("a", (2,))],
        [Choice("a", (1,), when=(Condition("b", (1,)),)), Choice("b", (1,))],
        [Choice("a", (1,)), Choice("b", (1,), when=(Condition("a", (2,)),))],
    ],
)
def test_a_space_that_contradicts_itself_is_refused(choices: list[Choice]) -> None:
    with pytest.raises(OptionError):
        Space(choices)


def test_the_fingerprint_changes_with_any_choice() -> None:
    other = Space([*SPACE.choices, Choice("more", (1, 2))])
    again = Space(list(SPACE.choices))
    assert SPACE.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [((), "'a' has no options"), ((1, 2, 1), "'a' has an option twice")],
)
def test_a_choice_without_a_choice_is_refused(options: tuple[Option, ...], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Choice("a", options)


def test_counting_a_large_space_lists_nothing() -> None:
    wide = Space([Choice(f"c{number}", tuple(range(10))) for number in range(40)])
    assert wide.count() == 10**40


def test_ranks_stand_beside_ordered_options() -> None:
    designs = [SPACE.design({"kind": "plain"}), SPACE.design({"kind": "fused", "expand": 4})]
    assert SPACE.coding.featured(SPACE.encode(designs)).tolist() == [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 1, 1],
    ]


def test_the_part_of_a_larger_design_is_a_design() -> None:
    one, other = Space([Choice("a", (1, 2))]), Space([Choice("b", (3, 4))])
    both = one + other
    design = both.sample(np.random.default_rng(0))
    assert one.part_of(design) in one
    assert one.part_of(design)["a"] == design["a"]
    assert both.part_of(design) == design


@given(spaces(), st.integers(0, 2**16))
def test_fixed_options_stand_and_the_rest_stays(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    design, other = space.sample(rng), space.sample(rng)
    assert space.fix(design, design, rng) == design
    assert space.fix(design, {}, rng) == design
    assert space.fix(other, design, rng) == design
