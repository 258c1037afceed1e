"""Decoded images on disk: decoded once, resized once, mapped into memory."""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from sartor.tasks.disk import refuse_full, writing
from sartor.tasks.filling import fill
from sartor.tasks.looking import Looks, look_at_all
from sartor.tasks.sources.protocol import Source

VERSION = 3
CHECKED = 2**20
"""Bytes of one piece of a file whose checksum is compared when a cache is opened."""
PIECES = 64
"""Pieces that are compared, evenly spread, the first and the last among them: files up to 64 MB
are compared as a whole, larger ones would take longer to compare than to use."""
FILES = ("images.npy", "index.npy", "hashes.npy", "sums.npy", "squares.npy")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The items of a source that could be read."""

    images: npt.NDArray[np.uint8]
    """(n, r, r, c), mapped."""
    index: npt.NDArray[np.int64]
    """Position of each in its source, (n,)."""
    hashes: npt.NDArray[np.uint64]
    """Of the content at its own size, (n,)."""
    sums: npt.NDArray[np.float64]
    """Of the pixels of each, per channel, (n, c); exact."""
    squares: npt.NDArray[np.float64]
    """Sums of the squared pixels, (n, c); exact."""
    skipped: tuple[str, ...]
    """Names of the others, with reasons."""


def looked(source: Source, *, cache: Path) -> Looks:
    """Look at all items of a source, or recall what was seen before.

    Raises:
        RunFolderError: The disk is full.
    """
    file = cache / f"{_key(source.key)}.looks.json"
    try:
        return Looks.from_json(json.loads(file.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        seen = look_at_all(source)
    content = json.dumps(seen.to_json())
    with writing(cache, len(content)):
        cache.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        part.write_text(content)
        os.replace(part, file)
    return seen


def decoded(
    source: Source,
    *,
    resolution: int,
    channels: int,
    cache: Path,
    progress: Progress | None = None,
) -> Decoded:
    """Decode and resize all items of a source, or map what was decoded before.

    Of several processes that want the same, one decodes and the others wait for it.

    Raises:
        RunFolderError: The disk is full.
    """
    folder = cache / _key([source.key, resolution, channels])
    found = _open(folder)
    if found is not None:
        return found
    needed = len(source.labels) * resolution * resolution * channels
    with writing(cache, needed):
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{folder.name}.lock"):
            found = _open(folder)
            if found is None:
                _replace(folder, needed, source, resolution, channels, progress)
                found = _open(folder)
    assert found is not None, f"{folder} was just written"
    return found


def _replace(
    folder: Path,
    needed: int,
    source: Source,
    resolution: int,
    channels: int,
    progress: Progress | None,
) -> None:
    """Write a cache beside its place and move it there, so that it is whole or absent."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
    try:
        part.mkdir()
        refuse_full(part, needed)
        skipped = fill(part, source, resolution, channels, progress)
        checksums = {name: checksum(part / name) for name in FILES}
        record = {"version": VERSION, "checksums": checksums, "skipped": skipped}
        (part / "items.json").write_text(json.dumps(record))
        shutil.rmtree(folder, ignore_errors=True)  # damaged
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _open(folder: Path) -> Decoded | None:
    """Map a cache, or return None where it is missing or damaged."""
    try:
        record: dict[str, Any] = json.loads((folder / "items.json").read_text())
        if any(checksum(folder / name) != record["checksums"][name] for name in FILES):
            return None
        images = np.load(folder / FILES[0], mmap_mode="r", allow_pickle=False)
        index, hashes, sums, squares = (
            np.load(folder / name, allow_pickle=False) for name in FILES[1:]
        )
        return Decoded(images, index, hashes, sums, squares, tuple(record["skipped"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def checksum(file: Path) -> str:
    """Return the size and a checksum: of all of a small file, of evenly spread pieces of a large.

    A truncation or a torn write shows in it.
    """
    size = file.stat().st_size
    last = max(0, size - CHECKED)
    starts = range(0, size, CHECKED)
    if size > CHECKED * PIECES:
        starts = range(0, last + 1, last // (PIECES - 1))
    code = 0
    with open(file, "rb") as content:
        for start in (*starts, last):
            content.seek(start)
            code = zlib.crc32(content.read(CHECKED), code)
    return f"{size}-{code:08x}"


def _key(content: Any) -> str:  # Any: plain data
    return hashlib.blake2b(json.dumps([VERSION, content]).encode(), digest_size=12).hexdigest()
