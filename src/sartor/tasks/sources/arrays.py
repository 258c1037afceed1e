"""Images that are in memory as one array; several kinds of sources end here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError
from sartor.tasks.rows import Rows
from sartor.tasks.sources.protocol import Look, Pixels

GREY, COLOUR = 1, 3


@dataclass(slots=True)
class ArraySource:
    """Images as (n, h, w, c), all of one size."""

    name: str
    images: npt.NDArray[np.uint8] | Rows
    labels: npt.NDArray[np.int64]
    classes: Sequence[str]
    given: Sequence[str] = ()
    notes: Sequence[str] = ()
    key: str = ""
    """By default a hash of everything; worth giving where the images are on disk."""

    def __post_init__(self) -> None:
        if not self.given:
            self.given = [""] * len(self.labels)
        if self.key:
            return
        digest = hashlib.blake2b(np.ascontiguousarray(self.images).data, digest_size=16)
        digest.update(self.labels.tobytes())
        digest.update(repr((self.images.shape, list(self.classes), list(self.given))).encode())
        self.key = digest.hexdigest()

    def item(self, index: int) -> str:
        """Return the number of an image."""
        return f"image {index}"

    def look(self, index: int) -> Look:  # noqa: ARG002
        """Look at the shape."""
        _, rows, columns, *channels = self.images.shape
        return Look(min(rows, columns), channels in ([], [GREY]))

    def decode(self, index: int) -> Pixels:
        """Return an image."""
        image: Pixels = self.images[index]
        return image if image.ndim == 3 else image[..., None]


def as_images(x: npt.NDArray[Any], where: str) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """Bring an array to (n, h, w, c) of uint8, and say what was done to it.

    Raises:
        DataError: Its shape, type or values are not those of images.
    """
    refuse_shape(x.shape, where)
    if x.ndim == 3:
        x = x[..., None]
    if x.dtype == np.uint8:
        return x, []
    if np.issubdtype(x.dtype, np.floating):
        return _from_floats(x, where)
    if x.dtype == np.bool_:
        return x.astype(np.uint8) * 255, [f"no and yes in {where} were read as black and white"]
    if x.dtype == np.uint16 and x.size and x.max() > 255:
        note = f"x in {where} is 16 bits deep; the upper 8 are used"
        return (x.astype(np.uint16) >> 8).astype(np.uint8), [note]
    if np.issubdtype(x.dtype, np.integer) and x.size and x.min() >= 0 and x.max() <= 255:
        return x.astype(np.uint8), []
    values = ""
    if np.issubdtype(x.dtype, np.integer) and x.size:
        values = f" from {x.min()} to {x.max()}"
    raise DataError(f"x in {where} is {x.dtype}{values}; allowed: uint8, or floats from 0 to 1.")


def refuse_shape(shape: tuple[int, ...], where: str) -> None:
    """Refuse what are no images.

    Raises:
        DataError: It is not (N, H, W), (N, H, W, 1) or (N, H, W, 3).
    """
    if shape[:1] == (0,):
        raise DataError(f"x in {where} has the shape {shape}: no images.")
    if len(shape) == 3 or (len(shape) == 4 and shape[-1] in (GREY, COLOUR)):
        return
    hint = ""
    if len(shape) == 4 and shape[1] in (GREY, COLOUR):
        hint = " Move the channels to the end: x.transpose(0, 2, 3, 1)."
    raise DataError(
        f"x in {where} has the shape {shape}; allowed: (N, H, W), (N, H, W, 1) "
        f"or (N, H, W, 3).{hint}"
    )


def as_labels(
    y: npt.NDArray[Any], count: int, where: str
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Bring labels to positions, (n,), and name the classes.

    Raises:
        DataError: They are not one for each image, or are no labels.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or len(y) != count:
        amount = str(len(y)) if y.ndim == 1 else f"{y.shape}"
        raise DataError(
            f"{where} has {count} images in x and {amount} labels in y; give one label an image."
        )
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "replace")
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


def _from_floats(x: npt.NDArray[Any], where: str) -> tuple[npt.NDArray[np.uint8], list[str]]:
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
