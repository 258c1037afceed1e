"""What is done to an image before a network reads it, as a card describes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """Two resizes by Pillow (bilinear, aspect not kept), then scaling and normalisation.

    The first resize is that of the cache; the second brings a cached image to what the network
    reads.
    """

    cached: int
    resolution: int
    channels: int
    mean: tuple[float, ...]
    """Per channel, of pixel / 255."""
    std: tuple[float, ...]

    def apply(self, images: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Prepare cached images, (n, cached, cached, c), for a network: (n, c, r, r)."""
        pixels: npt.NDArray[np.uint8] = np.asarray(images)
        if self.resolution != self.cached:
            pixels = np.stack([resized(image, self.resolution) for image in pixels])
        scaled = pixels.astype(np.float32) / np.float32(255)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        normal = (scaled - mean) / std
        return np.ascontiguousarray(normal.transpose(0, 3, 1, 2))  # (n, c, r, r)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a card."""
        return {
            "mode": "L" if self.channels == 1 else "RGB",
            "resize": [self.cached, self.resolution],
            "interpolation": "bilinear",
            "mean": list(self.mean),
            "std": list(self.std),
        }


def resized(image: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """Resize an image, (h, w, c) with one or three channels, to (size, size, c)."""
    grey = image.shape[2] == 1
    picture = Image.fromarray(image[:, :, 0] if grey else image)
    small = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
    return small.reshape(size, size, image.shape[2])
