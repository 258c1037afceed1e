"""From what a user gave to a task."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError, OptionError, did_you_mean
from sartor.tasks.cache import Decoded, decoded, looked
from sartor.tasks.looking import Looks
from sartor.tasks.rows import Rows
from sartor.tasks.sources import SOURCES, Source
from sartor.tasks.sources.torchvision import KNOWN
from sartor.tasks.splits import TEST, TRAIN, VALIDATION, Splits, split_by_content
from sartor.tasks.task import Split, Task

SMALLEST, LARGEST = 16, 224
SMALLEST_ASKED, LARGEST_ASKED = 12, 1024
STEP = 4
TINY = 12
"""Images smaller than this are enlarged to `ENLARGED`: else no stage of a network has room."""
ENLARGED = 32
UNREADABLE = 0.05
"""Share of unreadable items above which data is refused."""
NAMED = 5
"""Unreadable items that a message names."""
NAMES = ("sklearn:digits", *(f"torchvision:{name}" for name in KNOWN))
"""What a misspelt name may have meant."""


def open_task(
    source: str | Path,
    *,
    cache: Path,
    resolution: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Task:
    """Open data: recognise it, decode it once, split it by content.

    Args:
        source: A folder of class folders, an .npz, IDX files, `sklearn:digits`,
            `torchvision:NAME` or `hf:owner/name`.
        cache: Folder for decoded images.
        resolution: Rows and columns to which images are brought; by default what suits most.
        progress: Called with the items done and the items in all.

    Raises:
        DataError: It cannot be read or learned from; the message says why.
        OptionError: The resolution is too small.
        RunFolderError: The disk is full.
    """
    text = str(source)
    opened = _recognise(text, cache)
    _refuse_unlearnable(opened.labels, opened.classes, text)
    looks = looked(opened, cache=cache)
    size, notes = _resolution(looks, resolution)
    channels = 1 if looks.grey else 3
    items = decoded(opened, resolution=size, channels=channels, cache=cache, progress=progress)
    _refuse_unreadable(items, len(opened.labels), text)
    labels = opened.labels[items.index]
    _refuse_unlearnable(labels, opened.classes, text)
    given = [opened.given[index] for index in items.index]
    splits = split_by_content(items.hashes, labels, given)
    return _task(opened, text, items, labels, splits, (*opened.notes, *notes))


def _recognise(text: str, cache: Path) -> Source:
    for name in SOURCES:
        if SOURCES[name].matches(text):
            return SOURCES[name].open(text, cache)
    path = Path(text)
    if text and path.exists():
        raise DataError(
            f"{text} is a file of another kind; allowed: a folder, or an .npz with x and y."
        )
    near = did_you_mean(text, NAMES)
    if text and not near and path.parent.is_dir():
        near = did_you_mean(path.name, [it.name for it in path.parent.iterdir()])
    raise DataError(
        f"{text or 'the empty name'} does not exist; give a folder of class folders, an .npz, "
        "a folder of IDX files, or a name such as sklearn:digits, torchvision:CIFAR10 or "
        f"hf:owner/name.{near}"
    )


def _resolution(looks: Looks, asked: int | None) -> tuple[int, list[str]]:
    """Choose the resolution, and say what is special about the images."""
    notes = [f"{count} images {remark}" for remark, count in looks.remarks.items()]
    if asked is not None:
        if not SMALLEST_ASKED <= asked <= LARGEST_ASKED:
            raise OptionError(
                f"resolution is {asked}; allowed: {SMALLEST_ASKED} to {LARGEST_ASKED} pixels."
            )
        return asked, notes
    if looks.shorter < TINY:
        size = ENLARGED
    else:
        size = max(SMALLEST, min(LARGEST, int(looks.shorter) // STEP * STEP))
    if looks.shorter < size:
        notes.append(f"images of {looks.shorter:g} pixels are enlarged to {size}")
    return size, notes


def _refuse_unlearnable(labels: npt.NDArray[np.int64], classes: Sequence[str], text: str) -> None:
    names = list(classes)
    counts = np.bincount(labels, minlength=len(names))
    if len(names) < 2:
        only = f"only one class ({names[0]})" if names else "no classes"
        raise DataError(f"{text} has {only}; at least two are needed to tell apart.")
    few = [f"{name} ({count})" for name, count in zip(names, counts, strict=True) if count < 2]
    if few:
        raise DataError(
            f"{text} has classes with fewer than 2 images: {', '.join(few[:NAMED])}"
            f"{_more(few)}. Add images or remove these classes."
        )


def _refuse_unreadable(items: Decoded, total: int, text: str) -> None:
    skipped = items.skipped
    if len(skipped) > UNREADABLE * total:
        raise DataError(
            f"{len(skipped)} of {total} images in {text} cannot be read, more than "
            f"{100 * UNREADABLE:.0f} %: {'; '.join(skipped[:NAMED])}{_more(skipped)}. "
            "Repair or remove them."
        )


def _task(
    source: Source,
    text: str,
    items: Decoded,
    labels: npt.NDArray[np.int64],
    splits: Splits,
    notes: tuple[str, ...],
) -> Task:
    parts = {
        which: Split(Rows(items.images, rows), labels[rows])
        for which, rows in ((it, np.flatnonzero(splits == it)) for it in (TRAIN, VALIDATION, TEST))
    }
    for which, name in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "test")):
        if len(parts[which]) == 0:
            raise DataError(
                f"{text} leaves nothing for the {name} split: it has {len(labels)} images. "
                "Add images, at least three different ones of a class."
            )
    _refuse_untaught(source, text, labels, splits)
    mean, std = _spread(items, splits == TRAIN)
    return Task(
        name=source.name,
        source=text,
        classes=tuple(source.classes),
        channels=items.images.shape[3],
        resolution=items.images.shape[1],
        mean=mean,
        std=std,
        train=parts[TRAIN],
        validation=parts[VALIDATION],
        test=parts[TEST],
        fingerprint=_fingerprint(items, labels, splits),
        skipped=items.skipped,
        notes=(*notes, *_noted(items, labels, splits, source.classes)),
    )


def _refuse_untaught(
    source: Source, text: str, labels: npt.NDArray[np.int64], splits: Splits
) -> None:
    """Refuse classes that cannot be learned, or never be tested, for want of different images."""
    taught = np.bincount(labels[splits == TRAIN], minlength=len(source.classes))
    tested = np.bincount(labels[splits == TEST], minlength=len(source.classes))
    none = [name for name, count in zip(source.classes, taught, strict=True) if count == 0]
    if none:
        raise DataError(
            f"{text} has no training image of {', '.join(none[:NAMED])}{_more(none)}, once images "
            "that also stand in another split are left out. Add images or remove these classes."
        )
    alone = [name for name, count in zip(source.classes, tested, strict=True) if count == 0]
    if alone and "test" not in source.given:
        raise DataError(
            f"{text} has classes with fewer than 2 different images: {', '.join(alone[:NAMED])}"
            f"{_more(alone)}. Add images or remove these classes."
        )


def _spread(
    items: Decoded, chosen: npt.NDArray[np.bool_]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation per channel of pixel / 255."""
    _, rows, columns, _ = items.images.shape
    pixels = rows * columns * int(chosen.sum())
    mean = items.sums[chosen].sum(0) / (255 * pixels)
    square = items.squares[chosen].sum(0) / (255 * 255 * pixels)
    std = np.sqrt(np.maximum(square - mean**2, 0))
    return tuple(map(float, mean)), tuple(float(max(s, 1e-3)) for s in std)


def _noted(
    items: Decoded, labels: npt.NDArray[np.int64], splits: Splits, classes: Sequence[str]
) -> list[str]:
    notes = []
    if items.skipped:
        count = len(items.skipped)
        which = (
            "1 image cannot be read and is"
            if count == 1
            else f"{count} images cannot be read and are"
        )
        notes.append(f"{which} left out: {'; '.join(items.skipped[:NAMED])}{_more(items.skipped)}")
    if dropped := int((splits < 0).sum()):
        notes.append(f"{dropped} duplicates stand in two splits and are left out of training")
    order = np.argsort(items.hashes, kind="stable")
    same = items.hashes[order][1:] == items.hashes[order][:-1]
    untested = np.setdiff1d(labels, labels[splits == TEST])
    if len(untested):
        names = [classes[kind] for kind in untested]
        notes.append(f"the test split has no image of {', '.join(names[:NAMED])}{_more(names)}")
    if clashes := int((same & (labels[order][1:] != labels[order][:-1])).sum()):
        notes.append(f"{clashes} images occur twice with different labels")
    return notes


def _fingerprint(items: Decoded, labels: npt.NDArray[np.int64], splits: Splits) -> str:
    digest = hashlib.sha256(items.hashes.tobytes())
    digest.update(labels.tobytes())
    digest.update(splits.tobytes())
    digest.update(repr(items.images.shape).encode())
    return digest.hexdigest()[:16]


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
