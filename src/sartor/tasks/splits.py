"""Which split an item belongs to: fixed by its content, so that it never changes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TRAIN, VALIDATION, TEST = 0, 1, 2
VALIDATION_SHARE = TEST_SHARE = 0.15
Hashes = npt.NDArray[np.uint64]
Splits = npt.NDArray[np.int8]
"""(n,), `TRAIN`, `VALIDATION` or `TEST`; -1 for an item that is left out."""


def split_by_content(hashes: Hashes, labels: npt.NDArray[np.int64], given: Sequence[str]) -> Splits:
    """Assign items to splits.

    Given splits are kept; what is missing is taken from the training items by hash, so that an
    item stays where it is when others are added. Equal items are always in one split: where given
    ones disagree, the training item is left out, then the validation item. Only a class that
    lacks an item in a split is repaired: by its own hashes, so that at two different images it is
    in training and test, at three in all.

    Args:
        hashes: Of the content, (n,).
        labels: Classes, (n,).
        given: "train", "validation", "test" or "", (n,). Without any "train" or "", as nothing.
    """
    names = np.array(given)
    free = (names == "") | (names == "train")
    if not free.any():
        names = np.full(len(hashes), "")
        free = np.full(len(hashes), True)
    share = hashes.astype(np.float64) / 2.0**64
    splits = np.full(len(hashes), TRAIN, np.int8)
    has_test, has_validation = (names == "test").any(), (names == "validation").any()
    if not has_test:
        splits[free & (share < TEST_SHARE)] = TEST
    if not has_validation:
        from_test = 0.0 if has_test else TEST_SHARE
        chosen = (share >= from_test) & (share < from_test + VALIDATION_SHARE)
        splits[free & chosen] = VALIDATION
    splits[names == "test"] = TEST
    splits[names == "validation"] = VALIDATION
    fixed = [split for split, has in ((VALIDATION, has_validation), (TEST, has_test)) if has]
    _drop_copies(splits, hashes, free, names)
    wanted = [split for split in (TRAIN, TEST, VALIDATION) if split not in fixed]
    _repair(splits, hashes, labels, wanted)
    return splits


def _drop_copies(
    splits: Splits, hashes: Hashes, free: npt.NDArray[np.bool_], names: npt.NDArray[np.str_]
) -> None:
    """Leave out what also stands in a given split: all else for test, the free for validation."""
    in_test = np.isin(hashes, hashes[names == "test"])
    in_validation = np.isin(hashes, hashes[names == "validation"])
    splits[in_test & (names != "test")] = -1
    splits[in_validation & free] = -1


def _repair(
    splits: Splits, hashes: Hashes, labels: npt.NDArray[np.int64], wanted: Sequence[int]
) -> None:
    """Give every class an item in each wanted split, as far as its different items reach."""
    mixed = _with_several_labels(hashes, labels)
    inside = np.isin(splits, list(wanted))
    for kind in np.unique(labels):
        own = (labels == kind) & inside
        if all((splits[own] == split).any() for split in wanted):
            continue
        movable = own & ~np.isin(hashes, mixed)
        place = {int(code): int(splits[movable & (hashes == code)][0]) for code in hashes[movable]}
        for code, split in _moves(place, wanted):
            splits[(hashes == np.uint64(code)) & (splits >= 0)] = split


def _moves(place: dict[int, int], wanted: Sequence[int]) -> list[tuple[int, int]]:
    """Choose which contents of a class move where; `place` has their present splits."""
    wanted = wanted[: len(place)]
    place, moves = dict(place), []
    for split in wanted:
        if split in place.values():
            continue
        counts = {it: list(place.values()).count(it) for it in sorted(set(place.values()))}
        donors = [it for it, count in counts.items() if count > (1 if it in wanted else 0)]
        donor = max(donors, key=lambda it: counts[it])
        # The content that is nearest by hash: low ones are tested, high ones trained with.
        nearest = max if split == TRAIN else min
        code = nearest(code for code, it in place.items() if it == donor)
        place[code] = split
        moves.append((code, split))
    return moves


def _with_several_labels(hashes: Hashes, labels: npt.NDArray[np.int64]) -> Hashes:
    """Return the contents that occur with different labels: moving them would move two classes."""
    order = np.lexsort((labels, hashes))
    codes, kinds = hashes[order], labels[order]
    return np.unique(codes[1:][(codes[1:] == codes[:-1]) & (kinds[1:] != kinds[:-1])])
