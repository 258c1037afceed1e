"""Decoded images on disk: decoded once, resized once, mapped into memory."""

import errno
import hashlib
import itertools
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.errors import RunFolderError
from sartor.tasks.preprocessing import resized
from sartor.tasks.sources.protocol import Pixels, Source, Unreadable
from sartor.units import show

VERSION = 1
WORKERS = 2
CHUNK = 64
"""Images in flight. Few: memory stays flat however many there are."""
CHECKED = 2**22
"""Bytes at both ends of the images whose checksum is compared when a cache is opened."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The items of a source that could be read."""

    images: npt.NDArray[np.uint8]
    """(n, r, r, c), mapped."""
    index: npt.NDArray[np.int64]
    """Position of each in its source, (n,)."""
    hashes: npt.NDArray[np.uint64]
    """Of the content at its own size, (n,)."""
    skipped: tuple[str, ...]
    """Names of the others, with reasons."""


def decoded(
    source: Source,
    *,
    resolution: int,
    channels: int,
    cache: Path,
    progress: Progress | None = None,
) -> Decoded:
    """Decode and resize all items of a source, or map what was decoded before.

    Raises:
        RunFolderError: The disk is full.
    """
    key = hashlib.blake2b(
        json.dumps([VERSION, source.key, resolution, channels]).encode(), digest_size=12
    ).hexdigest()
    folder = cache / key
    found = _open(folder)
    if found is None:
        _fill(folder, source, resolution, channels, progress)
        found = _open(folder)
        assert found is not None, f"{folder} was just written"
    return found


def _open(folder: Path) -> Decoded | None:
    """Map a cache, or return None where it is missing or damaged."""
    try:
        record: dict[str, Any] = json.loads((folder / "items.json").read_text())
        file = folder / "images.npy"
        if _checksum(file) != record["checksum"]:
            return None
        images = np.load(file, mmap_mode="r", allow_pickle=False)
        index = np.load(folder / "index.npy", allow_pickle=False)
        hashes = np.load(folder / "hashes.npy", allow_pickle=False)
    except (OSError, ValueError, KeyError):
        return None
    if not len(images) == len(index) == len(hashes):
        return None
    return Decoded(images, index, hashes, tuple(record["skipped"]))


def _fill(
    folder: Path, source: Source, resolution: int, channels: int, progress: Progress | None
) -> None:
    """Write a cache beside its place and move it there, so that it is whole or absent."""
    needed = len(source.labels) * resolution * resolution * channels
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True, exist_ok=True)
        _refuse_full(part, needed)
        _write(part, source, resolution, channels, progress)
        if folder.exists():
            shutil.rmtree(folder)  # damaged, or just made by another process: both may go
        os.replace(part, folder)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            return  # another process was faster; its cache is as good
        if error.errno != errno.ENOSPC:
            raise
        raise _full(part, needed) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(
    part: Path, source: Source, resolution: int, channels: int, progress: Progress | None
) -> None:
    kept: list[int] = []
    hashes: list[int] = []
    skipped: list[str] = []
    total = len(source.labels)
    with open(part / "images.npy", "wb") as file:
        _write_header(file, (total, resolution, resolution, channels))
        for done, item in enumerate(_items(source, resolution, channels)):
            if isinstance(item, Unreadable):
                skipped.append(f"{source.item(done)} ({item})")
            else:
                image, code = item
                file.write(image.tobytes())
                kept.append(done)
                hashes.append(code)
            if progress is not None and done % 256 == 0:
                progress(done, total)
        file.seek(0)
        _write_header(file, (len(kept), resolution, resolution, channels))
        file.flush()
        os.fsync(file.fileno())
    np.save(part / "index.npy", np.array(kept, np.int64))
    np.save(part / "hashes.npy", np.array(hashes, np.uint64))
    record = {"checksum": _checksum(part / "images.npy"), "skipped": skipped}
    (part / "items.json").write_text(json.dumps(record))


def _write_header(file: Any, shape: tuple[int, ...]) -> None:  # Any: numpy wants its own protocol
    """Write the header of an .npy file; its length does not depend on the numbers."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _items(
    source: Source, resolution: int, channels: int
) -> Iterator[tuple[Pixels, int] | Unreadable]:
    """Decode items in order, a few at a time."""

    def one(index: int) -> tuple[Pixels, int] | Unreadable:
        try:
            pixels = source.decode(index)
        except Unreadable as error:
            return error
        code = content_hash(pixels)
        if pixels.shape[2] != channels:
            pixels = np.repeat(pixels, channels, 2) if channels == 3 else _grey(pixels)
        if pixels.shape[:2] != (resolution, resolution):
            pixels = resized(pixels, resolution)
        return pixels, code

    numbers = iter(range(len(source.labels)))
    with ThreadPoolExecutor(WORKERS) as pool:
        while chunk := list(itertools.islice(numbers, CHUNK)):
            yield from pool.map(one, chunk)


def content_hash(pixels: Pixels) -> int:
    """Hash an image at its own size, so that equal images have equal hashes, 64 bits."""
    digest = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=8)
    digest.update(repr(pixels.shape).encode())
    return int.from_bytes(digest.digest(), "little")


def _grey(pixels: Pixels) -> Pixels:
    """Bring colour to grey as Pillow's mode L does."""
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]


def _checksum(file: Path) -> str:
    """Return the size and a checksum of both ends: a truncation or a torn write shows there."""
    size = file.stat().st_size
    with open(file, "rb") as content:
        code = zlib.crc32(content.read(CHECKED))
        content.seek(max(0, size - CHECKED))
        code = zlib.crc32(content.read(CHECKED), code)
    return f"{size}-{code:08x}"


def _refuse_full(folder: Path, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed:
        raise _full(folder, needed)


def _full(folder: Path, needed: int) -> RunFolderError:
    free = shutil.disk_usage(folder.parent).free
    return RunFolderError(
        f"the disk of {folder.parent} is full: the images need {show('size_bytes', needed)}, "
        f"{show('size_bytes', free)} are free. Free some, or give another place with --cache."
    )
