"""Batches for training and evaluation, augmented and normalised in torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from sartor.errors import OptionError
from sartor.tasks.task import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Augment:
    """Random changes of training images that keep their label."""

    crop: int = 0
    """Pixels by which an image is shifted at most, to each side; the border is reflected."""
    flip: bool = False
    """Mirror half of the images, left to right."""
    erase: float = 0.0
    """Share of the images in which a random rectangle becomes the mean, 0 to 1."""

    def __post_init__(self) -> None:
        if self.crop < 0 or not 0 <= self.erase <= 1:
            raise OptionError(
                f"crop is {self.crop}, erase is {self.erase}; "
                "allowed: crop 0 or more, erase 0 to 1."
            )

    def __call__(
        self, images: UInt8[Tensor, "n r r c"], rng: torch.Generator
    ) -> UInt8[Tensor, "n r r c"]:
        """Return changed copies of images."""
        if self.crop:
            images = shifted(images, self.crop, rng)
        if self.flip:
            mirrored = torch.rand(len(images), generator=rng) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(2), images)
        if self.erase:
            images = erased(images, self.erase, rng)
        return images


class Batches:
    """Batches of a split, each a pure function of the seed and its number.

    Training that stopped goes on with the very batches it would have had.

    Args:
        split: Images and labels.
        batch: Images in a batch; the last incomplete one of an epoch is left out. A split that is
            smaller is one batch.
        seed: Of the order and the augmentation.
        mean: Per channel, of pixel / 255.
        std: Per channel.
        augment: Random changes, or None.
    """

    def __init__(
        self,
        split: Split,
        *,
        batch: int,
        seed: int,
        mean: Sequence[float],
        std: Sequence[float],
        augment: Augment | None = None,
    ) -> None:
        self._split = split
        self._batch = min(batch, len(split))
        self._seed = seed
        self._normal = Normal(mean, std)
        self._augment = augment
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every image comes once."""
        return len(self._split) // self._batch

    def rows(self, step: int) -> Int[np.ndarray, " n"]:
        """Return which images of the split are in batch number `step`, ascending."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._order[0] != epoch:
            rng = np.random.default_rng((self._seed, 0, epoch))
            self._order = (epoch, rng.permutation(len(self._split)))
        return np.sort(self._order[1][place * self._batch : (place + 1) * self._batch])

    def at(self, step: int) -> tuple[Float[Tensor, "n c r r"], Int[Tensor, " n"]]:
        """Return the normalised images, channels last, and the labels of batch number `step`."""
        chosen = self.rows(step)
        images = torch.from_numpy(self._split.images[chosen])
        if self._augment is not None:
            seed = int(np.random.SeedSequence((self._seed, 1, step)).generate_state(1)[0])
            images = self._augment(images, torch.Generator().manual_seed(seed))
        return self._normal(images), torch.from_numpy(self._split.labels[chosen])


def whole(
    split: Split, *, mean: Sequence[float], std: Sequence[float], batch: int
) -> Iterator[tuple[Float[Tensor, "n c r r"], Int[Tensor, " n"]]]:
    """Yield all of a split in order, normalised, channels last."""
    normal = Normal(mean, std)
    for start in range(0, len(split), batch):
        images = torch.from_numpy(np.array(split.images[start : start + batch]))
        yield normal(images), torch.from_numpy(split.labels[start : start + batch].copy())


class Normal:
    """(pixel / 255 - mean) / std, as one multiplication and one addition."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        spread = torch.tensor(std, dtype=torch.float32)
        self._scale = 1 / (255 * spread)
        self._shift = -torch.tensor(mean, dtype=torch.float32) / spread

    def __call__(self, images: UInt8[Tensor, "n r r c"]) -> Float[Tensor, "n c r r"]:
        floats = images.float().mul_(self._scale).add_(self._shift)  # (n, r, r, c)
        return floats.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def shifted(
    images: UInt8[Tensor, "n r r c"], crop: int, rng: torch.Generator
) -> UInt8[Tensor, "n r r c"]:
    """Shift every image by up to `crop` pixels in both directions; the border is reflected."""
    count, rows, columns, depth = images.shape
    crop = min(crop, rows - 1, columns - 1)
    down, right = torch.randint(-crop, crop + 1, (2, count, 1), generator=rng)
    y = _reflected(torch.arange(rows) + down, rows)  # (n, r)
    x = _reflected(torch.arange(columns) + right, columns)
    # Rows are copied whole, then pixels within them: far faster than an index for every pixel.
    y += rows * torch.arange(count)[:, None]
    images = images.reshape(count * rows, columns * depth).index_select(0, y.flatten())
    x = (depth * x[:, :, None] + torch.arange(depth)).reshape(count, 1, columns * depth)
    moved = images.reshape(count, rows, -1).gather(2, x.expand(-1, rows, -1))
    return moved.reshape(count, rows, columns, depth)


def erased(
    images: UInt8[Tensor, "n r r c"], share: float, rng: torch.Generator
) -> UInt8[Tensor, "n r r c"]:
    """Fill a random rectangle, a quarter to a half of each side, with the image's mean.

    Source:
        DeVries & Taylor 2017, arXiv:1708.04552 (cutout). Differs: rectangles, filled with a mean.
    """
    count, rows, columns, _ = images.shape
    hit = torch.rand(count, generator=rng) < share
    sides = (0.25 + 0.25 * torch.rand(count, 2, generator=rng)) * torch.tensor([rows, columns])
    corner = torch.rand(count, 2, generator=rng) * (torch.tensor([rows, columns]) - sides)
    y, x = torch.arange(rows)[None], torch.arange(columns)[None]
    inside_y = (y >= corner[:, :1]) & (y < corner[:, :1] + sides[:, :1])
    inside_x = (x >= corner[:, 1:]) & (x < corner[:, 1:] + sides[:, 1:])
    inside = inside_y[:, :, None] & inside_x[:, None, :] & hit[:, None, None]
    fill = images.float().mean((1, 2), keepdim=True).round().to(torch.uint8)  # (n, 1, 1, c)
    return torch.where(inside[..., None], fill, images)


def _reflected(index: Int[Tensor, "n r"], length: int) -> Int[Tensor, "n r"]:
    index = index.abs()
    return torch.where(index >= length, 2 * (length - 1) - index, index)
