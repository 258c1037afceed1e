"""Scikit-learn's handwritten digits: real scans that come with a dependency."""

from pathlib import Path

import numpy as np
from PIL import Image

from sartor.tasks.sources.arrays import ArraySource
from sartor.tasks.sources.protocol import SOURCES, Source

SIDE = 32
"""Rows and columns to which the 8x8 scans are brought."""


class Digits:
    """`sklearn:digits`: 1,797 scans of 8x8 pixels."""

    def matches(self, text: str) -> bool:
        """Tell by the name."""
        return text == "sklearn:digits"

    def open(self, text: str, cache: Path) -> Source:  # noqa: ARG002
        """Read them from the package."""
        from sklearn.datasets import load_digits

        data = load_digits()
        scans = np.rint(data.images * (255 / 16)).astype(np.uint8)  # (n, 8, 8) from 0..16
        images = np.stack(
            [
                np.asarray(Image.fromarray(scan).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
                for scan in scans
            ]
        )
        classes = [str(number) for number in range(10)]
        return ArraySource("digits", images[..., None], data.target.astype(np.int64), classes)


SOURCES.register(
    "digits",
    "sklearn:digits, 1,797 scans brought to 32x32.",
    source="Alpaydin & Kaynak 1998, UCI optical recognition of handwritten digits",
)(Digits())
