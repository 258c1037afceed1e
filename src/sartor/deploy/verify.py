"""How accurate a program is, run on images as a user would run it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sartor.targets import Loaded
from sartor.units import Measurement

Z95 = 1.959963984540054
"""Quantile of the normal distribution for a two-sided interval of 95 %."""


class Prepares(Protocol):
    """What prepares cached images for a program."""

    def apply(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return float images, (n, c, r, r)."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Accuracy of a program on a split."""

    overall: Measurement
    per_class: dict[str, Measurement]
    """By the name of the class; classes without images are left out."""
    images: int


def measure_accuracy(
    program: Loaded,
    images: Sequence[object] | npt.ArrayLike,
    labels: npt.NDArray[np.int64],
    preprocessing: Prepares,
    classes: Sequence[str],
) -> Accuracy:
    """Run all images and compare with their labels.

    Args:
        program: The exported file.
        images: Cached images, (n, r, r, c).
        labels: Positions in `classes`, (n,).
        preprocessing: What the card describes.
        classes: Names.
    """
    found = []
    for start in range(0, len(labels), program.rows):
        prepared = preprocessing.apply(images[start : start + program.rows])  # type: ignore[index,arg-type]
        found.append(program.run(prepared)[0].argmax(1))
    right = np.concatenate(found) == labels
    per_class = {}
    for position, name in enumerate(classes):
        own = labels == position
        if own.any():
            per_class[name] = share_of(int(right[own].sum()), int(own.sum()))
    return Accuracy(share_of(int(right.sum()), len(labels)), per_class, len(labels))


def share_of(correct: int, count: int) -> Measurement:
    """Return a share as a verified measurement with its Wilson interval."""
    low, high = wilson(correct, count)
    return Measurement(correct / count, "verified", low, high)


def wilson(correct: int, count: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share.

    Source:
        Wilson 1927, "Probable inference, the law of succession, and statistical inference".

    Example:
        >>> [round(end, 4) for end in wilson(90, 100)]
        [0.8256, 0.9448]
    """
    share = correct / count
    denominator = 1 + Z95**2 / count
    centre = (share + Z95**2 / (2 * count)) / denominator
    half = Z95 / denominator * math.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    # Rounding must not put a share of 0 or 1 outside its own interval.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
