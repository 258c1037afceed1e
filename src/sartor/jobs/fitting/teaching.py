"""Teachers of the networks that are tuned."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sartor.errors import DamagedFileError
from sartor.study import replacing
from sartor.tasks import Batches
from sartor.units import Measurement


@dataclass(frozen=True, slots=True)
class Teacher:
    """A network that teaches others."""

    name: str
    network: Callable[[Tensor], Tensor]
    """From images as they are cached to logits."""
    accuracy: Measurement
    """On the validation split."""
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False)
    """Several students may learn from it at a time."""


class SoftLabels:
    """A teacher's logits for the training images, computed when they are first asked for and kept.

    The teacher sees each image once, as it is. What the student sees may be shifted by a few
    pixels; the logits serve all the same, at a fraction of the time.

    Args:
        teacher: In evaluation mode.
        batches: Those of the student, without augmentation.
        file: Where the logits are kept in half precision, so that a training that goes on is
            taught the very same.
        shape: Images of the split and classes.
        half: Compute them in bfloat16.

    Raises:
        DamagedFileError: The file is of something else.
    """

    def __init__(
        self,
        teacher: Teacher,
        batches: Batches,
        file: Path,
        shape: tuple[int, int],
        *,
        half: bool = False,
    ) -> None:
        self._teacher = teacher
        self._half = half
        self._batches = batches
        with teacher.lock:
            if not file.exists():
                _write_zeros(file, shape)
        self._known = np.load(file, mmap_mode="r+", allow_pickle=False)
        if self._known.shape != shape:
            raise DamagedFileError(f"{file} has the shape {self._known.shape}, not {shape}.")

    def at(self, step: int) -> Float[Tensor, "n k"]:
        """Return the logits for the images of a step."""
        rows = self._batches.rows(step)
        with self._teacher.lock:
            if not self._known[rows].any(1).all():  # zeros: not asked for yet
                self._known[rows] = self._asked(step)
            return torch.from_numpy(self._known[rows].astype(np.float32))

    def _asked(self, step: int) -> Float[np.ndarray, "n k"]:
        images = self._batches.at(step)[0]
        device = images.device.type
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=self._half):
            return self._teacher.network(images).float().numpy()


def _write_zeros(file: Path, shape: tuple[int, int]) -> None:
    with replacing(file, needed=2 * shape[0] * shape[1]) as part, part.open("wb") as opened:
        np.save(opened, np.zeros(shape, np.float16))
