"""Small data sets in every form that tasks can be opened from."""

import gzip
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]


def noise(count: int, *shape: int, seed: int = 0) -> Bytes:
    """Return `count` different images."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def write_classes(
    folder: Path,
    counts: dict[str, int],
    *,
    shape: tuple[int, ...] = (20, 24, 3),
    ending: str = "png",
    seed: int = 0,
) -> Path:
    """Write CLASS/NUMBER.ending with different images; return the folder."""
    images = iter(noise(sum(counts.values()), *shape, seed=seed))
    for kind, count in counts.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            Image.fromarray(next(images)).save(folder / kind / f"{number:03d}.{ending}")
    return folder


def write_npz(file: Path, count: int = 30, classes: int = 3, **changed: object) -> Path:
    """Write x and y, or what is given in their place; None leaves one out."""
    arrays = {"x": noise(count, 16, 16), "y": np.arange(count) % classes, **changed}
    np.savez(file, **{name: it for name, it in arrays.items() if it is not None})  # type: ignore[arg-type]
    return file


def idx_bytes(array: Bytes) -> bytes:
    """Write an array as IDX, as the MNIST page describes it."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def write_idx(folder: Path, train: int = 40, test: int = 20, *, zipped: bool = True) -> Path:
    """Write the four files of the MNIST family."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count, seed in (("train", train, 1), ("t10k", test, 2)):
        images, labels = noise(count, 14, 14, seed=seed), (np.arange(count) % 4).astype(np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            content = idx_bytes(array)
            if zipped:
                (folder / f"{part}-{name}-ubyte.gz").write_bytes(gzip.compress(content))
            else:
                (folder / f"{part}-{name}-ubyte").write_bytes(content)
    return folder
