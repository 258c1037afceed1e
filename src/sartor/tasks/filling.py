"""Decode the items of a source, a few at a time, into the files of a cache."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sartor.tasks.looking import quiet_pillow
from sartor.tasks.preprocessing import resized
from sartor.tasks.sources.protocol import Pixels, Source, Unreadable

WORKERS = 2
BLOCK_BYTES = 2**22
MOST_IN_BLOCK = 512
"""A block is what a worker decodes at once: few bytes, so that memory stays flat however many
images there are, and many small images, so that handing over costs little."""
SMALLEST = 2
"""Pixels of the shorter side below which an image says nothing."""

Item = tuple[Pixels, int] | Unreadable


def fill(
    folder: Path,
    source: Source,
    resolution: int,
    channels: int,
    progress: Callable[[int, int], None] | None,
) -> list[str]:
    """Write images, their positions, hashes and sums; return the names of unreadable items."""
    index: list[int] = []
    hashes: list[int] = []
    sums: list[np.ndarray] = []
    squares: list[np.ndarray] = []
    skipped: list[str] = []
    total = len(source.labels)
    shape = (resolution, resolution, channels)
    done = 0
    with open(folder / "images.npy", "wb") as file:
        _write_header(file, (total, *shape))
        for block in _blocks(source, resolution, channels):
            read = []
            for position, item in enumerate(block, done):
                if isinstance(item, Unreadable):
                    skipped.append(f"{source.item(position)} ({item})")
                else:
                    read.append(item[0])
                    index.append(position)
                    hashes.append(item[1])
            if read:
                images = np.stack(read)
                file.write(images.data)
                pixels = images.reshape(len(read), -1, channels).astype(np.float64)  # (n, h*w, c)
                sums.append(pixels.sum(1))
                squares.append(np.einsum("npc,npc->nc", pixels, pixels))
            done += len(block)
            if progress is not None:
                progress(done, total)
        file.seek(0)
        _write_header(file, (len(index), *shape))
        file.flush()
        os.fsync(file.fileno())
    none = np.empty((0, channels))
    np.save(folder / "index.npy", np.array(index, np.int64))
    np.save(folder / "hashes.npy", np.array(hashes, np.uint64))
    np.save(folder / "sums.npy", np.concatenate([none, *sums]))
    np.save(folder / "squares.npy", np.concatenate([none, *squares]))
    return skipped


def content_hash(pixels: Pixels) -> int:
    """Hash an image at its own size, so that equal images have equal hashes, 64 bits.

    Colour without colours is grey: the same image counts as a duplicate in either mode.
    """
    if pixels.shape[2] == 3 and _is_grey(pixels):
        pixels = pixels[..., :1]
    digest = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=8)
    digest.update(repr(pixels.shape).encode())
    return int.from_bytes(digest.digest(), "little")


def _is_grey(pixels: Pixels) -> bool:
    first = pixels[..., :1]
    # Most colour images show it in their first row.
    return bool((pixels[0] == first[0]).all() and (pixels == first).all())


def _blocks(source: Source, resolution: int, channels: int) -> Iterator[list[Item]]:
    """Decode items in order, block by block; each worker has at most two blocks in flight."""

    def decode_block(numbers: range) -> list[Item]:
        return [_item(source, number, resolution, channels) for number in numbers]

    total = len(source.labels)
    size = min(MOST_IN_BLOCK, max(1, BLOCK_BYTES // (resolution * resolution * channels)))
    pending: deque[Future[list[Item]]] = deque()
    with quiet_pillow(), ThreadPoolExecutor(WORKERS) as pool:
        try:
            for start in range(0, total, size):
                pending.append(pool.submit(decode_block, range(start, min(start + size, total))))
                if len(pending) >= 2 * WORKERS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _item(source: Source, number: int, resolution: int, channels: int) -> Item:
    try:
        pixels = source.decode(number)
    except Unreadable as error:
        return error
    rows, columns, depth = pixels.shape
    if min(rows, columns) < SMALLEST:
        return Unreadable(f"{columns}x{rows} pixels, smaller than {SMALLEST}")
    code = content_hash(pixels)
    if depth > channels:
        # As Pillow's mode L does, and as a card describes it.
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
    if (rows, columns) != (resolution, resolution):
        pixels = resized(pixels, resolution)
    return (np.repeat(pixels, channels, 2) if depth < channels else pixels), code


def _write_header(file: Any, shape: tuple[int, ...]) -> None:  # Any: numpy wants its own protocol
    """Write the header of an .npy file; its length does not depend on the number of images."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
