"""Turn a zip of image mosaics into an .npz that `sartor fit` reads.

    python benchmarks/unpack_mosaics.py cifar10_train_a.zip cifar10.npz

The zip holds `labels.npz` (with `y`) and tiles of 1,000 images in 40 rows of 25, row by row.
"""

import argparse
import io
import zipfile

import numpy as np
from PIL import Image

ROWS, COLUMNS = 40, 25


def main() -> None:
    """Write the arrays."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mosaics")
    parser.add_argument("npz")
    asked = parser.parse_args()
    with zipfile.ZipFile(asked.mosaics) as opened:
        tiles = sorted(name for name in opened.namelist() if name.startswith("tile_"))
        x = np.concatenate([images(opened.read(name)) for name in tiles])
        y = np.load(io.BytesIO(opened.read("labels.npz")), allow_pickle=False)["y"]
    if len(x) != len(y):
        raise SystemExit(f"{asked.mosaics} holds {len(x)} images and {len(y)} labels.")
    np.savez(asked.npz, x=x, y=y.astype(np.int64))
    print(f"{asked.npz}: {len(x)} images of {x.shape[1]}x{x.shape[2]}, {len(np.unique(y))} classes")


def images(tile: bytes) -> np.ndarray:
    """Cut a mosaic into its images, (rows * columns, h, w, 3)."""
    pixels = np.array(Image.open(io.BytesIO(tile)).convert("RGB"))
    height, width = pixels.shape[0] // ROWS, pixels.shape[1] // COLUMNS
    grid = pixels.reshape(ROWS, height, COLUMNS, width, 3).transpose(0, 2, 1, 3, 4)
    return grid.reshape(ROWS * COLUMNS, height, width, 3)


if __name__ == "__main__":
    main()
