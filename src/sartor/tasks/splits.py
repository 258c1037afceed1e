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

    Given splits are kept; what is missing is taken from the training items by hash. Equal items
    are always in one split: where given ones disagree, the training item is left out, then the
    validation item. A class that lacks an item in a split gets the nearest one by hash, as long
    as one stays in training.

    Args:
        hashes: Of the content, (n,).
        labels: Classes, (n,).
        given: "train", "validation", "test" or "", (n,).
    """
    names = np.array(given)
    share = hashes.astype(np.float64) / 2.0**64
    splits = np.full(len(hashes), TRAIN, np.int8)
    has_test, has_validation = (names == "test").any(), (names == "validation").any()
    free = (names == "") | (names == "train")
    if not has_test:
        splits[free & (share < TEST_SHARE)] = TEST
    if not has_validation:
        from_test = 0.0 if has_test else TEST_SHARE
        chosen = (share >= from_test) & (share < from_test + VALIDATION_SHARE)
        splits[free & chosen] = VALIDATION
    splits[names == "test"] = TEST
    splits[names == "validation"] = VALIDATION
    _drop_crossing(splits, hashes)
    for split, missing in ((TEST, not has_test), (VALIDATION, not has_validation)):
        if missing:
            _repair(splits, hashes, labels, split)
    return splits


def _drop_crossing(splits: Splits, hashes: Hashes) -> None:
    """Leave out training items that are also in another split, then validation items in test."""
    for loser, winners in ((TRAIN, (VALIDATION, TEST)), (VALIDATION, (TEST,))):
        taken = hashes[np.isin(splits, winners)]
        splits[(splits == loser) & np.isin(hashes, taken)] = -1


def _repair(splits: Splits, hashes: Hashes, labels: npt.NDArray[np.int64], split: int) -> None:
    """Move one item of each class that has none in `split` there, with all that equal it."""
    for kind in np.unique(labels):
        own = labels == kind
        if (splits[own] == split).any():
            continue
        candidates = np.unique(hashes[own & (splits == TRAIN)])
        if len(candidates) < 2:
            continue
        splits[(hashes == candidates[0]) & (splits == TRAIN)] = split
