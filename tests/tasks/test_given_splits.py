"""Splits that a folder has are kept, and no duplicate crosses into training."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import noise, write_classes
from PIL import Image

from sartor import tasks
from sartor.tasks import Split
from sartor.tasks.splits import TEST, TRAIN, VALIDATION, split_by_content

KINDS = {"cat": 20, "dog": 20}


def contents(split: Split) -> set[bytes]:
    return {image.tobytes() for image in np.asarray(split.images)}


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
def test_all_given_splits_are_kept(tmp_path: Path, cache: Path, name: str) -> None:
    for seed, (part, count) in enumerate((("train", 9), (name, 4), ("test", 5))):
        write_classes(tmp_path / "x" / part, {"cat": count, "dog": count}, seed=seed)
    task = tasks.open(tmp_path / "x", cache=cache)
    assert (len(task.train), len(task.validation), len(task.test)) == (18, 8, 10)


@pytest.mark.parametrize("given_part", ["val", "test"])
def test_a_split_that_is_missing_is_taken_from_training(
    tmp_path: Path, cache: Path, given_part: str
) -> None:
    write_classes(tmp_path / "x" / "train", KINDS)
    write_classes(tmp_path / "x" / given_part, {"cat": 4, "dog": 4}, seed=1)
    task = tasks.open(tmp_path / "x", cache=cache)
    kept, taken = task.validation, task.test
    if given_part == "test":
        kept, taken = taken, kept
    assert len(kept) == 8
    assert len(taken) >= 2
    assert len(task.train) + len(taken) == 40


def test_a_train_folder_alone_is_split_by_content(tmp_path: Path, cache: Path) -> None:
    task = tasks.open(write_classes(tmp_path / "x" / "train", KINDS).parent, cache=cache)
    assert task.classes == ("cat", "dog")
    assert len(task.test) >= 2


def test_a_test_folder_without_labels_is_left_out_with_a_note(tmp_path: Path, cache: Path) -> None:
    write_classes(tmp_path / "x" / "train", KINDS)
    (tmp_path / "x" / "test").mkdir()
    Image.fromarray(noise(1, 20, 20, 3)[0]).save(tmp_path / "x" / "test" / "1.png")
    (tmp_path / "x" / "notebooks").mkdir()
    task = tasks.open(tmp_path / "x", cache=cache)
    assert task.classes == ("cat", "dog")
    assert "test/ has no class folders and is left out" in task.notes
    assert "notebooks/ is neither train, val nor test and is left out" in task.notes


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", KINDS)
    before = tasks.open(folder, cache=cache)
    (folder / ".thumbnails").mkdir()
    (folder / "__MACOSX" / "cat").mkdir(parents=True)
    (folder / "cat" / "._000.png").write_bytes(b"resource fork")
    (folder / "cat" / "notes.txt").write_text("no image")
    assert tasks.open(folder, cache=cache).fingerprint == before.fingerprint


def test_duplicates_across_given_splits_leave_training(tmp_path: Path, cache: Path) -> None:
    write_classes(tmp_path / "x" / "train", KINDS)
    write_classes(tmp_path / "x" / "test", {"cat": 4, "dog": 4}, seed=1)
    for number in range(3):  # under other names, and in another format
        with Image.open(tmp_path / "x" / "test" / "cat" / f"{number:03d}.png") as image:
            image.save(tmp_path / "x" / "train" / "cat" / f"copy{number}.bmp")
    task = tasks.open(tmp_path / "x", cache=cache)
    assert not contents(task.train) & contents(task.test)
    assert not contents(task.validation) & contents(task.test)
    assert len(task.train) + len(task.validation) == 40
    assert any(note.startswith("3 duplicates stand in two splits") for note in task.notes)


def test_grey_and_colourless_colour_are_the_same_image(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", {"cat": 30, "dog": 30}, shape=(16, 16))
    for file in sorted(folder.rglob("*.png")):
        with Image.open(file) as image:
            image.convert("RGB").save(file.with_name(f"colour-{file.name}"))
    task = tasks.open(folder, cache=cache)
    assert not contents(task.train) & contents(task.test)
    assert not contents(task.train) & contents(task.validation)
    assert len(contents(task.train)) * 2 == len(task.train)


def test_duplicates_with_different_labels_are_noted(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", KINDS)
    (folder / "dog" / "cat.png").write_bytes((folder / "cat" / "000.png").read_bytes())
    task = tasks.open(folder, cache=cache)
    assert "1 images occur twice with different labels" in task.notes


def test_a_test_split_without_a_class_is_noted(tmp_path: Path, cache: Path) -> None:
    write_classes(tmp_path / "x" / "train", KINDS)
    write_classes(tmp_path / "x" / "test", {"cat": 4}, seed=1)
    task = tasks.open(tmp_path / "x", cache=cache)
    assert "the test split has no image of dog" in task.notes


def test_names_and_times_of_files_do_not_matter_for_the_splits(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", KINDS)
    before = tasks.open(folder, cache=cache)
    for number, file in enumerate(sorted(folder.rglob("*.png"), reverse=True)):
        moved = file.rename(file.with_name(f"moved{number}.png"))
        os.utime(moved, (number, number))
    after = tasks.open(folder, cache=cache)
    for part in ("train", "validation", "test"):
        assert contents(getattr(before, part)) == contents(getattr(after, part))


def test_adding_images_moves_none_of_the_others(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", {"cat": 60, "dog": 60})
    before = tasks.open(folder, cache=cache)
    for number, image in enumerate(noise(40, 20, 24, 3, seed=9)):
        Image.fromarray(image).save(folder / "dog" / f"new{number}.png")
    after = tasks.open(folder, cache=cache)
    for part in ("train", "validation", "test"):
        assert contents(getattr(before, part)) < contents(getattr(after, part))


CODES = st.lists(
    st.tuples(
        st.integers(0, 40).map(lambda it: it * (2**64 // 41)),
        st.integers(0, 2),
        st.sampled_from(["", "train", "validation", "test"]),
    ),
    min_size=1,
    max_size=60,
)


@given(CODES)
def test_no_content_is_ever_in_two_splits(rows: list[tuple[int, int, str]]) -> None:
    codes, labels, names = (list(it) for it in zip(*rows, strict=True))
    found = split_by_content(np.array(codes, np.uint64), np.array(labels), names)
    for code in set(codes):
        places = {int(it) for it, other in zip(found, codes, strict=True) if other == code}
        assert len(places - {-1}) == 1


@given(CODES)
def test_what_is_given_as_test_stays_there_if_there_is_anything_to_train(
    rows: list[tuple[int, int, str]],
) -> None:
    codes, labels, names = (list(it) for it in zip(*rows, strict=True))
    found = split_by_content(np.array(codes, np.uint64), np.array(labels), names)
    if {"", "train"} & set(names):
        assert all(found[i] == TEST for i, name in enumerate(names) if name == "test")
        assert all(found[i] in (VALIDATION, -1) for i, name in enumerate(names) if name[:1] == "v")


@given(st.dictionaries(st.integers(0, 2**64 - 1), st.integers(0, 2), min_size=1, max_size=60))
def test_every_class_is_in_as_many_splits_as_it_has_different_images(
    kinds: dict[int, int],
) -> None:
    labels = np.array(list(kinds.values()))
    found = split_by_content(np.array(list(kinds), np.uint64), labels, [""] * len(kinds))
    for kind in set(kinds.values()):
        own = set(found[labels == kind].tolist())
        count = min(3, int((labels == kind).sum()))
        assert own == set((TRAIN, TEST, VALIDATION)[:count])
