"""Soft labels."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sartor.errors import DamagedFileError
from sartor.jobs.fitting.teaching import SoftLabels, Teacher
from sartor.tasks import Batches, Split
from sartor.units import Measurement

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 4, 4, 1), np.uint8)
BATCHES = Batches(
    Split(IMAGES, np.zeros(12, np.int64)), batch=4, seed=3, mean=(0.5,), std=(0.5,), augment=None
)


def labels(file: Path, asked: list[int]) -> SoftLabels:
    def network(images: Tensor) -> Tensor:
        asked.append(len(images))
        return images.flatten(1)[:, :3] + 5

    return SoftLabels(Teacher("it", network, Measurement(0.5, "proxy")), BATCHES, file, (12, 3))


def test_a_teacher_is_asked_once_for_every_image(tmp_path: Path) -> None:
    asked: list[int] = []
    soft = labels(tmp_path / "it.npy", asked)
    first = [soft.at(step) for step in range(3)]
    assert asked == [4, 4, 4]
    for step, logits in enumerate(first):
        expected = BATCHES.at(step)[0].flatten(1)[:, :3] + 5
        torch.testing.assert_close(logits, expected, atol=5e-3, rtol=1e-3)
    for step in range(3, 9):
        soft.at(step)
    assert asked == [4, 4, 4]


@pytest.mark.parametrize("half", [False, True])
def test_a_teacher_computes_as_its_student_does(tmp_path: Path, half: bool) -> None:
    seen: list[bool] = []

    def network(images: Tensor) -> Tensor:
        seen.append(torch.is_autocast_enabled("cpu"))
        return images.flatten(1)[:, :3] + 5

    teacher = Teacher("it", network, Measurement(0.5, "proxy"))
    SoftLabels(teacher, BATCHES, tmp_path / "it.npy", (12, 3), half=half).at(0)
    assert seen == [half]


def test_what_was_asked_is_kept_in_the_file(tmp_path: Path) -> None:
    asked: list[int] = []
    before = labels(tmp_path / "it.npy", asked).at(1)
    again = labels(tmp_path / "it.npy", asked).at(1)
    assert torch.equal(before, again)
    assert asked == [4]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "it.npy", np.zeros((5, 3), np.float16))
    with pytest.raises(DamagedFileError, match=r"shape \(5, 3\), not \(12, 3\)"):
        labels(tmp_path / "it.npy", [])
