"""Batches are functions of seed and step; preprocessing is what a card says."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sartor import tasks
from sartor.errors import RunFolderError
from sartor.tasks import Augment, Batches, Preprocessing, Split, whole
from sartor.tasks.batches import erased, shifted
from sartor.tasks.filling import content_hash

RNG = np.random.default_rng(0)
SPLIT = Split(RNG.integers(0, 256, (50, 12, 12, 3), np.uint8), np.arange(50) % 5)
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


def make(seed: int = 0, augment: Augment | None = None) -> Batches:
    return Batches(SPLIT, batch=16, seed=seed, augment=augment, mean=MEAN, std=STD)


@given(st.integers(0, 40), st.integers(0, 5))
def test_a_batch_depends_on_seed_and_step_alone(step: int, seed: int) -> None:
    augment = Augment(crop=2, flip=True, erase=0.5)
    one, other = make(seed, augment), make(seed, augment)
    other.at((step * 7 + 3) % 40)
    (x, y), (again, labels) = one.at(step), other.at(step)
    assert torch.equal(x, again)
    assert torch.equal(y, labels)


def test_an_epoch_has_every_image_at_most_once() -> None:
    batches = make()
    seen = [hash(row.numpy().tobytes()) for step in range(3) for row in batches.at(step)[0]]
    assert len(seen) == len(set(seen)) == 48


def test_images_are_normalised_and_channels_last() -> None:
    x, _ = next(iter(whole(SPLIT, batch=50, mean=MEAN, std=STD)))
    wanted = (np.asarray(SPLIT.images) / 255 - np.array(MEAN)) / np.array(STD)
    np.testing.assert_allclose(x.numpy(), wanted.transpose(0, 3, 1, 2), atol=1e-5)
    assert x.is_contiguous(memory_format=torch.channels_last)


def test_a_split_smaller_than_a_batch_is_one_batch() -> None:
    few = Split(SPLIT.images[:7], SPLIT.labels[:7])
    batches = Batches(few, batch=16, seed=0, mean=MEAN, std=STD)
    assert batches.steps_per_epoch == 1
    assert len(batches.at(0)[1]) == 7


def test_a_shift_moves_the_image_and_reflects_the_border() -> None:
    images = torch.arange(25, dtype=torch.uint8).reshape(1, 5, 5, 1)
    found = {
        tuple(shifted(images, 1, torch.Generator().manual_seed(s)).flatten().tolist())
        for s in range(60)
    }
    padded = np.pad(images[0, :, :, 0].numpy(), 1, mode="reflect")
    wanted = {tuple(padded[y : y + 5, x : x + 5].ravel()) for y in range(3) for x in range(3)}
    assert found == wanted


def test_erasing_changes_about_the_share_of_images() -> None:
    images = torch.from_numpy(RNG.integers(0, 256, (400, 12, 12, 1), np.uint8))
    changed = erased(images, 0.25, torch.Generator().manual_seed(0))
    share = (changed != images).flatten(1).any(1).float().mean()
    assert 0.18 < share < 0.32


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resolution", [12, 9, 20])
def test_preprocessing_is_pillow_and_arithmetic(channels: int, resolution: int) -> None:
    images = RNG.integers(0, 256, (3, 12, 12, channels), np.uint8)
    mean, std = (0.5,) * channels, (0.25,) * channels
    prepared = Preprocessing(
        cached=12, resolution=resolution, channels=channels, mean=mean, std=std
    ).apply(images)
    for image, found in zip(images, prepared, strict=True):
        picture = Image.fromarray(image[..., 0] if channels == 1 else image)
        picture = picture.resize((resolution, resolution), Image.Resampling.BILINEAR)
        wanted = np.asarray(picture, np.float32).reshape(resolution, resolution, channels)
        np.testing.assert_allclose(found.transpose(1, 2, 0), (wanted / 255 - 0.5) / 0.25, atol=1e-5)


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    before = tasks.open("sklearn:digits", cache=tmp_path)
    file = next(tmp_path.glob("*/images.npy"))
    wanted = np.asarray(before.test.images).copy()
    content = file.read_bytes()
    for damaged in (content[: len(content) // 2], content[:-8] + b"torn off"):
        file.unlink()
        file.write_bytes(damaged)
        after = tasks.open("sklearn:digits", cache=tmp_path)
        assert after.fingerprint == before.fingerprint
        assert np.array_equal(np.asarray(after.test.images), wanted)


def test_a_full_disk_gets_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=10, used=9, free=1))
    with pytest.raises(RunFolderError, match=r"is full: the images need .* 1 B are free"):
        tasks.open("sklearn:digits", cache=tmp_path)
    assert not any(it.is_dir() for it in tmp_path.iterdir())


def test_equal_images_hash_equally() -> None:
    image = RNG.integers(0, 256, (4, 6, 3), np.uint8)
    assert content_hash(image) == content_hash(np.asfortranarray(image))
    assert content_hash(image) != content_hash(image.reshape(6, 4, 3))


@pytest.mark.data
def test_fashion_mnist_is_read_as_published(measuring_data: Path, tmp_path: Path) -> None:
    task = tasks.open(measuring_data / "fashion_mnist", cache=tmp_path)
    assert len(task.test) == 10_000
    assert len(task.train) + len(task.validation) == 60_000
    assert np.bincount(task.test.labels).tolist() == [1000] * 10
    assert task.mean[0] == pytest.approx(0.286, abs=0.002)
