"""Splits are fixed by content: stable, and no duplicate crosses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.tasks.splits import TEST, TRAIN, VALIDATION, split_by_content

hashes = st.lists(st.integers(0, 2**64 - 1), min_size=4, max_size=60)


def split(values: list[int], labels: list[int], given_: list[str] | None = None) -> np.ndarray:
    return split_by_content(
        np.array(values, np.uint64), np.array(labels), given_ or [""] * len(values)
    )


@given(hashes, st.randoms())
def test_the_order_of_items_does_not_matter(values: list[int], random: st.DataObject) -> None:
    labels = [value % 2 for value in values]
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = split([values[i] for i in order], [labels[i] for i in order])
    assert moved.tolist() == split(values, labels)[order].tolist()


@given(hashes)
def test_equal_items_are_in_one_split(values: list[int]) -> None:
    doubled = values + values[:3]
    found = split(doubled, [value % 2 for value in doubled])
    for value in values[:3]:
        places = {found[i] for i, other in enumerate(doubled) if other == value}
        assert len(places) == 1


@given(hashes, hashes)
def test_adding_items_moves_none(values: list[int], more: list[int]) -> None:
    """With one class that is in every split, no class needs repair."""
    base = [2**61, 2**62, 2**63]  # by their share: test, validation, training
    before = split(base + values, [0] * (3 + len(values)))
    after = split(base + values + more, [0] * (3 + len(values) + len(more)))
    assert before.tolist() == after[: len(before)].tolist()


@given(st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=30, unique=True))
def test_a_class_with_three_items_is_in_every_split(values: list[int]) -> None:
    found = split(values, [0] * len(values))
    assert {TRAIN, VALIDATION, TEST} >= set(found.tolist())
    assert (found == TEST).any()
    assert (found == VALIDATION).any()


def test_a_training_item_that_is_also_in_the_test_split_is_left_out() -> None:
    values = [5, 6, 7, 5]
    found = split(values, [0, 1, 0, 0], ["train", "train", "validation", "test"])
    assert found.tolist() == [-1, TRAIN, VALIDATION, TEST]


@pytest.mark.parametrize("count", [20_000])
def test_about_seventy_per_cent_are_for_training(count: int) -> None:
    values = np.random.default_rng(0).integers(0, 2**63, count).astype(np.uint64) * 2
    found = split_by_content(values, np.zeros(count, np.int64), [""] * count)
    assert np.mean(found == TRAIN) == pytest.approx(0.70, abs=0.01)
    assert np.mean(found == TEST) == pytest.approx(0.15, abs=0.01)
