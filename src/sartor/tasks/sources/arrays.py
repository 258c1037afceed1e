"""Images that are in memory as one array; several kinds of sources end here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError
from sartor.tasks.sources.protocol import Look, Pixels

GREY, COLOUR = 1, 3


@dataclass(slots=True)
class ArraySource:
    """Images as (n, h, w, c), all of one size."""

    name: str
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    classes: Sequence[str]
    given: Sequence[str] = ()
    notes: Sequence[str] = ()
    key: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.given:
            self.given = [""] * len(self.labels)
        digest = hashlib.blake2b(np.ascontiguousarray(self.images).data, digest_size=16)
        digest.update(self.labels.tobytes())
        digest.update(repr((self.images.shape, list(self.classes), list(self.given))).encode())
        self.key = digest.hexdigest()

    def item(self, index: int) -> str:
        """Return the number of an image."""
        return f"image {index}"

    def look(self, index: int) -> Look:  # noqa: ARG002
        """Look at the shape."""
        _, rows, columns, channels = self.images.shape
        return Look(min(rows, columns), channels == GREY)

    def decode(self, index: int) -> Pixels:
        """Return an image."""
        return self.images[index]


def as_images(x: npt.NDArray[np.generic], where: str) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """Bring an array to (n, h, w, c) of uint8, and say what was done to it.

    Raises:
        DataError: Its shape, type or values are not those of images.
    """
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or x.shape[-1] not in (GREY, COLOUR):
        raise DataError(
            f"x in {where} has the shape {x.shape}; allowed: (N, H, W), (N, H, W, 1) "
            "or (N, H, W, 3)."
        )
    if x.dtype == np.uint8:
        return x, []
    if np.issubdtype(x.dtype, np.floating):
        return _from_floats(x, where)
    if np.issubdtype(x.dtype, np.integer) and x.size and 0 <= x.min() and x.max() <= 255:
        return x.astype(np.uint8), []
    raise DataError(f"x in {where} is {x.dtype}; allowed: uint8, or floats from 0 to 1.")


def as_labels(
    y: npt.NDArray[np.generic], count: int, where: str
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Bring labels to positions, (n,), and name the classes.

    Raises:
        DataError: They are not one for each image, or are no labels.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or len(y) != count:
        raise DataError(
            f"{where} has {count} images in x and {y.shape} labels in y; give one label an image."
        )
    if y.dtype.kind == "U":
        names, labels = np.unique(y, return_inverse=True)
        return labels.astype(np.int64), [str(name) for name in names]
    if np.issubdtype(y.dtype, np.floating):
        if not np.isfinite(y).all() or (y != np.round(y)).any():
            raise DataError(f"y in {where} holds NaN or fractions; allowed: integers from 0.")
        y = y.astype(np.int64)
    if not np.issubdtype(y.dtype, np.integer):
        raise DataError(f"y in {where} is {y.dtype}; allowed: integers from 0, or text.")
    if len(y) and (y.min() < 0 or y.max() >= max(count, 2)):
        raise DataError(
            f"y in {where} goes from {y.min()} to {y.max()}; allowed: 0 to the number of classes "
            "less one."
        )
    labels = y.astype(np.int64)
    missing = np.setdiff1d(np.arange(labels.max(initial=0) + 1), labels)
    if len(missing):
        raise DataError(
            f"y in {where} goes up to {labels.max()}, but class {missing[0]} has no image; "
            "number the classes from 0 without gaps."
        )
    return labels, [str(number) for number in range(labels.max(initial=0) + 1)]


def _from_floats(
    x: npt.NDArray[np.generic], where: str
) -> tuple[npt.NDArray[np.uint8], list[str]]:
    values = x.astype(np.float32)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any((1, 2, 3)).sum())
        raise DataError(f"x in {where} holds NaN or infinity in {bad} images; remove these.")
    if values.size and (values.min() < 0 or values.max() > 1):
        raise DataError(
            f"x in {where} holds floats from {values.min():g} to {values.max():g}; "
            "allowed: 0 to 1, or uint8."
        )
    return np.rint(values * 255).astype(np.uint8), [f"floats in {where} were read as 0 to 1"]
