"""Arrays in an .npz file."""

import zipfile
from pathlib import Path

import numpy as np

from sartor.errors import DataError
from sartor.tasks.sources.arrays import ArraySource, as_images, as_labels
from sartor.tasks.sources.protocol import SOURCES, Source


class Npz:
    """An .npz with `x`, (N, H, W[, C]), and `y`, (N,)."""

    def matches(self, text: str) -> bool:
        """Tell by the ending."""
        return text.lower().endswith(".npz")

    def open(self, text: str, cache: Path) -> Source:  # noqa: ARG002
        """Read both arrays, without unpickling anything."""
        path = Path(text)
        try:
            with np.load(path, allow_pickle=False) as file:
                missing = {"x", "y"} - set(file.files)
                if missing:
                    raise DataError(
                        f"{path} has the arrays {', '.join(file.files) or 'none'}; "
                        "it needs x (N, H, W[, C]) and y (N)."
                    )
                x, y = file["x"], file["y"]
        except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{path} cannot be read as .npz: {error}") from error
        images, notes = as_images(x, path.name)
        labels, classes = as_labels(y, len(images), path.name)
        return ArraySource(path.stem, images, labels, classes, notes=notes)


SOURCES.register("npz", "An .npz with x (N, H, W[, C]) and y (N).")(Npz())
