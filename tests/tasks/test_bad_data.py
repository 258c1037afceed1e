"""Data that cannot be learned from gets a sentence."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from pictures import idx_bytes, noise, write_classes, write_idx, write_npz
from PIL import Image

from sartor import tasks
from sartor.errors import DataError, SartorError

ABSENT = None


def refused(source: Path | str, cache: Path, match: str) -> None:
    with pytest.raises(DataError, match=match):
        tasks.open(source, cache=cache)


def test_an_empty_folder_is_refused(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "photos").mkdir()
    refused(tmp_path / "photos", cache, "has no images in class folders; put them in")


def test_images_without_class_folders_are_refused(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "x").mkdir()
    Image.fromarray(noise(1, 9, 9)[0]).save(tmp_path / "x" / "1.png")
    refused(tmp_path / "x", cache, "has no images in class folders")


def test_one_class_is_refused(tmp_path: Path, cache: Path) -> None:
    refused(write_classes(tmp_path / "x", {"cat": 5}), cache, r"has only one class \(cat\)")


def test_classes_with_fewer_than_two_images_are_refused(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", {"cat": 5, "dog": 1, "emu": 0})
    refused(folder, cache, r"fewer than 2 images: dog \(1\), emu \(0\)")


def test_a_class_of_one_image_twice_is_refused(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", {"cat": 9, "dog": 1})
    (folder / "dog" / "copy.png").write_bytes((folder / "dog" / "000.png").read_bytes())
    refused(folder, cache, "fewer than 2 different images: dog")


def test_a_class_that_is_only_in_the_test_split_is_refused(tmp_path: Path, cache: Path) -> None:
    write_classes(tmp_path / "x" / "train", {"cat": 9, "dog": 9})
    write_classes(tmp_path / "x" / "test", {"cat": 2, "emu": 2}, seed=1)
    refused(tmp_path / "x", cache, "no training image of emu")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sklearn:digit", "sklearn:digits"),
        ("torchvison:CIFAR10", "torchvision:CIFAR10"),
        ("torchvision:CIFR10", "CIFAR10"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_near_one(given: str, meant: str, cache: Path) -> None:
    refused(given, cache, f"Did you mean '{meant}'")


def test_a_misspelt_folder_is_answered_with_its_neighbour(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "photos").mkdir()
    refused(tmp_path / "photo", cache, "does not exist; .*Did you mean 'photos'")
    refused(tmp_path / "photos.npz", cache, "does not exist")
    refused("", cache, "the empty name does not exist")


def test_a_file_of_another_kind_is_refused(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    refused(
        tmp_path / "data.csv", cache, "is a file of another kind; allowed: a folder, or an .npz"
    )


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"y": np.arange(29) % 3}, "30 images in x and 29 labels in y"),
        ({"y": np.eye(30)}, r"30 images in x and \(30, 30\) labels"),
        ({"y": ABSENT}, "has the arrays x; it needs x"),
        ({"y": np.arange(30) % 3 - 1}, "goes from -1 to 1; allowed: 0 to"),
        ({"y": np.arange(30) % 3 * 1000}, "goes from 0 to 2000; allowed"),
        ({"y": np.arange(30) % 2 * 3}, "class 1 has no image"),
        ({"y": np.arange(30) / 7}, "holds NaN or fractions"),
        ({"y": np.full(30, np.nan)}, "holds NaN or fractions"),
        ({"y": np.array([None, 1] * 15)}, "cannot be read as .npz: Object arrays"),
        ({"y": np.zeros(30, int)}, "only one class"),
        ({"y": np.arange(30) == 0}, "allowed: integers from 0, or text"),
        ({"x": noise(30, 16)}, r"shape \(30, 16\); allowed"),
        ({"x": noise(30, 3, 16, 16)}, r"x.transpose\(0, 2, 3, 1\)"),
        ({"x": np.full((30, 16, 16), np.nan)}, "NaN or infinity in 30 images"),
        ({"x": np.full((30, 16, 16), np.inf)}, "NaN or infinity in 30 images"),
        ({"x": np.full((30, 16, 16), 2.5)}, "floats from 2.5 to 2.5; allowed: 0 to 1"),
        ({"x": np.full((30, 16, 16), -1)}, "int64 from -1 to -1; allowed: uint8"),
        ({"x": np.full((30, 16, 16), "a")}, "allowed: uint8, or floats"),
        ({"x": noise(0, 16, 16), "y": np.zeros(0, int)}, "no images"),
        ({"x": noise(30, 1, 1)}, "30 of 30 images .*1x1 pixels, smaller than 2"),
    ],
)
def test_arrays_that_are_no_labelled_images_are_refused(
    tmp_path: Path, cache: Path, changed: dict[str, object], match: str
) -> None:
    refused(write_npz(tmp_path / "x.npz", **changed), cache, match)  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [0, 5, 100, 2000, -1, -100])
def test_a_truncated_npz_is_refused(tmp_path: Path, cache: Path, cut: int) -> None:
    file = write_npz(tmp_path / "x.npz")
    file.write_bytes(file.read_bytes()[:cut])
    refused(file, cache, "cannot be read as .npz")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint16", "bool"])
def test_other_types_of_arrays_are_brought_to_bytes(
    tmp_path: Path, cache: Path, dtype: str
) -> None:
    x = noise(30, 16, 16)
    scaled: dict[str, np.ndarray] = {
        "f": x / 255,
        "i": x,
        "u": x * np.uint16(257),
        "b": x > 127,
    }
    given = scaled[np.dtype(dtype).kind].astype(dtype)
    task = tasks.open(write_npz(tmp_path / "x.npz", x=given), cache=cache)
    wanted = (x > 127) * np.uint8(255) if dtype == "bool" else x
    found = np.concatenate(
        [np.asarray(it.images) for it in (task.train, task.validation, task.test)]
    )
    assert {it.tobytes() for it in found} == {it.tobytes() for it in wanted}
    assert bool(task.notes) == (dtype != "int32")


@pytest.mark.parametrize("kind", ["U", "S"])
def test_labels_may_be_text(tmp_path: Path, cache: Path, kind: str) -> None:
    y = np.array(["cat", "dog", "emu"] * 10).astype(kind)
    assert tasks.open(write_npz(tmp_path / "x.npz", y=y), cache=cache).classes == (
        "cat",
        "dog",
        "emu",
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_idx_files_keep_their_splits(tmp_path: Path, cache: Path, zipped: bool) -> None:
    task = tasks.open(write_idx(tmp_path / "x", 40, 20, zipped=zipped), cache=cache)
    assert len(task.test) == 20
    assert len(task.train) + len(task.validation) == 40


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (gzip.compress(idx_bytes(noise(40, 14, 14)))[:-300], "is damaged"),
        (gzip.compress(idx_bytes(noise(40, 14, 14))[:-1]), "is cut off"),
        (gzip.compress(b"\0\0"), "no IDX file"),
        (gzip.compress(b"\0\0\x0d\x01" + bytes(12)), "no IDX file of unsigned bytes"),
        (gzip.compress(idx_bytes(noise(39, 14, 14))), "has 39 images and .* 40 labels"),
        (b"no gzip", "is damaged"),
    ],
    # gzip writes the time of day: without names, no two workers would see the same tests
    ids=["cut short", "an image short", "tiny", "of floats", "other lengths", "not gzip"],
)
def test_damaged_idx_files_are_refused(
    tmp_path: Path, cache: Path, content: bytes, match: str
) -> None:
    folder = write_idx(tmp_path / "x")
    (folder / "train-images-idx3-ubyte.gz").write_bytes(content)
    refused(folder, cache, match)


def test_nothing_that_is_loaded_can_run_code(tmp_path: Path, cache: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "touched",)  # type: ignore[return-value]

    x = np.array([Evil()] * 4, dtype=object)
    with pytest.raises(SartorError):
        tasks.open(write_npz(tmp_path / "x.npz", x=x, y=np.arange(4) % 2), cache=cache)
    assert not (tmp_path / "touched").exists()
