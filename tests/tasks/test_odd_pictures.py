"""Images of every kind are brought to grey or colour as a card describes it."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import noise, write_classes
from PIL import Image, ImageOps

from sartor import tasks
from sartor.errors import DataError, OptionError
from sartor.tasks import Preprocessing, Task
from sartor.tasks.sources.folder import FolderSource


def with_picture(folder: Path, name: str, picture: Image.Image, **options: Any) -> FolderSource:
    """Write one image into the first of two classes, and open them."""
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    picture.save(folder / "a" / name, **options)
    picture.save(folder / "b" / name, **options)
    return FolderSource(folder)


def test_the_upper_half_of_16_bits_is_used_whatever_the_brightest_pixel_is(tmp_path: Path) -> None:
    deep = np.array([[0, 255, 256], [300, 40_000, 65_535]], np.uint16)
    source = with_picture(tmp_path, "x.png", Image.fromarray(deep))
    assert source.decode(0)[..., 0].tolist() == [[0, 0, 1], [1, 156, 255]]
    assert source.look(0).remarks == ("are 16 bits deep; the upper 8 are used",)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new(mode, (4, 4), (0,) * len(mode))
    source = with_picture(tmp_path, "x.png", picture)
    assert (source.decode(0) == 255).all()
    assert source.decode(0).shape[2] == (1 if mode == "LA" else 3)


def test_a_transparent_palette_becomes_white(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([10, 20, 30, 40, 50, 60])
    source = with_picture(tmp_path, "x.png", picture, transparency=1)
    assert (source.decode(0) == 255).all()


def test_cmyk_becomes_colour(tmp_path: Path) -> None:
    picture = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    source = with_picture(tmp_path, "x.jpg", picture, quality=100)
    red, green, _ = source.decode(0)[4, 4].tolist()
    assert red > 200
    assert green < 50
    assert source.look(0).remarks == ("are CMYK; they are brought to RGB",)


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_used(tmp_path: Path, ending: str) -> None:
    frames = [Image.new("RGB", (6, 6), colour) for colour in ("#ff0000", "#0000ff")]
    options = {"lossless": True} if ending == "webp" else {}
    source = with_picture(
        tmp_path, f"x.{ending}", frames[0], save_all=True, append_images=frames[1:], **options
    )
    assert source.decode(0)[3, 3].tolist() == [255, 0, 0]
    assert "are animated; the first frame is used" in source.look(0).remarks


def test_images_are_turned_upright(tmp_path: Path) -> None:
    pixels = noise(1, 4, 9, 3)[0]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    source = with_picture(tmp_path, "x.png", Image.fromarray(pixels), exif=exif)
    assert np.array_equal(source.decode(0), np.rot90(pixels, -1))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16", "RGBA", "LA"])
def test_every_mode_opens_as_a_task(tmp_path: Path, cache: Path, mode: str) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 4, "b": 4}, shape=(18, 21))
    for number, file in enumerate(sorted(folder.rglob("*.png"))):
        with Image.open(file) as image:
            grey = image.copy()
        picture = grey if mode != "I;16" else Image.fromarray(np.asarray(grey).astype("<u2") * 257)
        ending = "tif" if mode == "CMYK" else "png"
        file.unlink()
        picture.convert(mode).save(file.with_suffix(f".{ending}"))
        assert number < 8
    task = tasks.open(folder, cache=cache)
    assert task.channels == (1 if mode in ("1", "L", "I;16", "LA") else 3)
    assert task.resolution == 16
    assert not task.skipped


def test_one_colour_image_makes_all_of_them_colour(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 5, "b": 5}, shape=(16, 16))
    assert tasks.open(folder, cache=cache).channels == 1
    Image.fromarray(noise(1, 16, 16, 3)[0]).save(folder / "a" / "colour.png")
    assert tasks.open(folder, cache=cache).channels == 3


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "png", "webp", "bmp", "JPG"])
def test_every_ending_is_read(tmp_path: Path, cache: Path, ending: str) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 5, "b": 5}, ending=ending)
    task = tasks.open(folder, cache=cache)
    assert len(task.train) + len(task.validation) + len(task.test) == 10


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [
        ((28, 40), 28),
        ((31, 31), 28),
        ((32, 32), 32),
        ((500, 300), 224),
        ((13, 50), 16),
        ((8, 8), 32),
    ],
)
def test_the_resolution_suits_the_shorter_sides(
    tmp_path: Path, cache: Path, sides: tuple[int, int], wanted: int
) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 3, "b": 3}, shape=sides)
    task = tasks.open(folder, cache=cache)
    assert task.resolution == wanted
    assert any("enlarged" in note for note in task.notes) == (min(sides) < wanted)


@pytest.mark.parametrize("resolution", [0, -4, 11, 5000])
def test_an_absurd_resolution_is_refused(cache: Path, resolution: int) -> None:
    with pytest.raises(OptionError, match=f"resolution is {resolution}; allowed: 12 to 1024"):
        tasks.open("sklearn:digits", cache=cache, resolution=resolution)


def published_prepare(content: bytes, steps: dict[str, list[int]], mode: str) -> np.ndarray:
    """Do what a card describes, with Pillow and NumPy alone, and nothing of this package."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert(mode)
    for size in steps["resize"]:
        if image.size != (size, size):
            image = image.resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.uint8).reshape(*image.size[::-1], -1)
    mean, std = (np.array(steps[name], np.float32) for name in ("mean", "std"))
    normal = (pixels.astype(np.float32) / np.float32(255) - mean) / std
    return normal.transpose(2, 0, 1)


def items(task: Task) -> np.ndarray:
    parts = [np.asarray(it.images) for it in (task.train, task.validation, task.test)]
    return np.concatenate(parts)


@pytest.mark.parametrize("shape", [(37, 30), (37, 30, 3)])
@pytest.mark.parametrize("resolution", [28, 20, 36])
def test_the_cache_and_preprocessing_give_exactly_what_a_card_describes(
    tmp_path: Path, cache: Path, shape: tuple[int, ...], resolution: int
) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 4, "b": 4}, shape=shape)
    task = tasks.open(folder, cache=cache)
    prepared = Preprocessing(
        cached=task.resolution,
        resolution=resolution,
        channels=task.channels,
        mean=task.mean,
        std=task.std,
    )
    steps = prepared.to_json()
    found = {row.tobytes() for row in prepared.apply(items(task))}
    contents = [file.read_bytes() for file in folder.rglob("*.png")]
    wanted = [published_prepare(content, steps, steps["mode"]) for content in contents]
    assert task.resolution == 28
    assert found == {row.tobytes() for row in wanted}


def test_mean_and_spread_are_those_of_the_training_split(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 20, "b": 20})
    task = tasks.open(folder, cache=cache)
    pixels = np.asarray(task.train.images) / 255
    np.testing.assert_allclose(task.mean, pixels.mean((0, 1, 2)), rtol=1e-9)
    np.testing.assert_allclose(task.std, pixels.std((0, 1, 2)), rtol=1e-9)


def test_images_without_contrast_have_a_spread_above_zero(tmp_path: Path, cache: Path) -> None:
    for kind in "ab":
        (tmp_path / kind).mkdir()
        for side in range(16, 20):
            Image.new("L", (side, side + ord(kind) - 90), 7).save(tmp_path / kind / f"{side}.png")
    assert tasks.open(tmp_path, cache=cache).std[0] > 0


def test_truncated_images_are_named_counted_and_skipped(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 20, "b": 21}, ending="jpg")
    file = folder / "a" / "003.jpg"
    file.write_bytes(file.read_bytes()[:-200])
    (folder / "b" / "empty.jpg").write_bytes(b"")
    task = tasks.open(folder, cache=cache)
    assert [name.split(" ")[0] for name in task.skipped] == ["a/003.jpg", "b/empty.jpg"]
    assert any(note.startswith("2 images cannot be read") for note in task.notes)
    assert len(items(task)) == 40


def test_more_than_a_twentieth_unreadable_is_refused(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 20, "b": 20})
    for number in range(7):
        (folder / "a" / f"{number:03d}.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    with pytest.raises(DataError, match=r"7 of 40 images .* more than 5 %: a/000.* and 2 more"):
        tasks.open(folder, cache=cache)


def test_images_of_one_pixel_are_unreadable(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 20, "b": 20})
    Image.new("RGB", (1, 1)).save(folder / "b" / "dot.png")
    task = tasks.open(folder, cache=cache)
    assert task.skipped == ("b/dot.png (1x1 pixels, smaller than 2)",)
    with pytest.raises(DataError, match=r"6 of 6 images .*1x1 pixels, smaller than 2"):
        tasks.open(write_classes(tmp_path / "dots", {"a": 3, "b": 3}, shape=(1, 1)), cache=cache)


@pytest.mark.parametrize("cut", [3, 30, 100, 300])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "bmp", "gif", "tif"])
def test_a_file_cut_off_anywhere_is_skipped_or_read(
    tmp_path: Path, cache: Path, ending: str, cut: int
) -> None:
    folder = write_classes(tmp_path / "photos", {"a": 21, "b": 21}, ending=ending)
    file = folder / "a" / f"000.{ending}"
    file.write_bytes(file.read_bytes()[:cut])
    task = tasks.open(folder, cache=cache)
    assert len(items(task)) + len(task.skipped) == 42
    assert len(task.skipped) <= 1
