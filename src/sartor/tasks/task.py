"""A task: images with labels, in three splits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sartor.tasks.rows import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images and labels."""

    images: Rows | npt.NDArray[np.uint8]
    """(n, r, r, c); mapped from the cache."""
    labels: npt.NDArray[np.int64]
    """(n,)"""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Images to be told apart. The test split is read once, at the end."""

    name: str
    source: str
    """What the user gave."""
    classes: tuple[str, ...]
    channels: int
    """1 if every image is grey, else 3."""
    resolution: int
    """Rows and columns of the cached images."""
    mean: tuple[float, ...]
    """Per channel, of the training split, of pixel / 255."""
    std: tuple[float, ...]
    train: Split
    validation: Split
    test: Split
    fingerprint: str
    """Changes with any image, label, split or the resolution."""
    skipped: tuple[str, ...] = ()
    """Names of the items that could not be read."""
    notes: tuple[str, ...] = ()
    """Sentences that the user should see."""
