"""IDX files, as the MNIST family comes in."""

import gzip
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError
from sartor.tasks.sources.arrays import ArraySource, as_images, as_labels
from sartor.tasks.sources.protocol import SOURCES, Source

IMAGES = re.compile(r"(?P<part>.*?)-?images[-.]idx3-ubyte(?P<zip>\.gz)?")
SPLITS = (("train", "train"), ("t10k", "test"), ("test", "test"))
"""What a file's name holds, and its split."""
MOST_BYTES = 2**34
UBYTE = 0x08


class Idx:
    """A folder with `train-images-idx3-ubyte[.gz]` and its sisters."""

    def matches(self, text: str) -> bool:
        """Tell by the names in the folder."""
        path = Path(text)
        return bool(text) and path.is_dir() and bool(_pairs(path))

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
        name = folder.resolve().name
        return ArraySource(name, pixels, positions, classes, given, notes)


def _pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """List (split, images, labels) that are there; of a file and its gzipped twin, the file."""
    found: dict[str, tuple[str, Path, Path]] = {}
    for images in sorted(folder.iterdir()):
        match = IMAGES.fullmatch(images.name)
        if match is None or match["part"] in found:
            continue
        plain = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
        for name in (plain, f"{plain}.gz"):
            if (folder / name).is_file():
                split = next((split for word, split in SPLITS if word in match["part"]), "")
                found[match["part"]] = (split, images, folder / name)
                break
    return sorted(found.values(), key=lambda it: (it[0] != "train", it[1].name))


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
        raise DataError(
            f"{path} is cut off: {shape} need {wanted} bytes, {len(raw) - start} follow."
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


SOURCES.register("idx", "A folder with IDX files, as MNIST's.")(Idx())
