"""IDX files, as the MNIST family comes in."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError
from sartor.tasks.sources.arrays import ArraySource, as_images, as_labels
from sartor.tasks.sources.protocol import SOURCES, Source

PARTS = {"train": "train", "t10k": "test", "test": "test"}
"""Prefix of a file and its split."""
MOST_BYTES = 2**34
UBYTE = 0x08


class Idx:
    """A folder with `train-images-idx3-ubyte[.gz]` and its sisters."""

    def matches(self, text: str) -> bool:
        """Tell by the names in the folder."""
        path = Path(text)
        return path.is_dir() and bool(_pairs(path))

    def open(self, text: str, cache: Path) -> Source:  # noqa: ARG002
        """Read all pairs of images and labels."""
        folder = Path(text)
        xs, ys, given = [], [], []
        for split, images, labels in _pairs(folder):
            x, y = read_idx(images), read_idx(labels)
            if len(x) != len(y):
                raise DataError(
                    f"{images.name} has {len(x)} images and {labels.name} {len(y)} labels; "
                    "they must be as many."
                )
            xs.append(x)
            ys.append(y)
            given += [split] * len(y)
        shapes = {x.shape[1:] for x in xs}
        if len(shapes) > 1:
            raise DataError(f"the images in {folder} have several sizes: {sorted(shapes)}.")
        pixels, notes = as_images(np.concatenate(xs), folder.name)
        positions, classes = as_labels(np.concatenate(ys), len(pixels), folder.name)
        if set(given) == {"test"}:
            given = [""] * len(given)
        name = folder.resolve().name
        return ArraySource(name, pixels, positions, classes, given, notes)


def _pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """List (split, images, labels) that are there."""
    found = []
    for prefix, split in PARTS.items():
        for ending in ("", ".gz"):
            images = folder / f"{prefix}-images-idx3-ubyte{ending}"
            labels = folder / f"{prefix}-labels-idx1-ubyte{ending}"
            if images.is_file() and labels.is_file():
                found.append((split, images, labels))
                break
    return found


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes, gzipped or plain.

    Raises:
        DataError: It is cut off, or something else.

    Source:
        LeCun et al., "The MNIST database of handwritten digits", section on the file format.
    """
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}.") from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != UBYTE:
        raise DataError(f"{path} is no IDX file of unsigned bytes.")
    dimensions = raw[3]
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", raw[4:start]) if len(raw) >= start else ()
    wanted = int(np.prod(shape, dtype=object)) if shape else -1
    if wanted != len(raw) - start or wanted > MOST_BYTES:
        raise DataError(f"{path} is cut off: {shape} need {wanted} bytes, {len(raw) - start} follow.")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


SOURCES.register("idx", "A folder with IDX files, as MNIST's.")(Idx())
