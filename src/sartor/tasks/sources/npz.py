"""Arrays in an .npz file."""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError, SartorError
from sartor.tasks.disk import refuse_full, writing
from sartor.tasks.rows import Rows
from sartor.tasks.sources.arrays import ArraySource, as_images, as_labels, refuse_shape
from sartor.tasks.sources.protocol import SOURCES, Source

LARGE = 2**28
"""Bytes of `x` above which it is mapped instead of read."""
BROKEN = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


class Npz:
    """An .npz with `x`, (N, H, W[, C]), and `y`, (N,)."""

    def matches(self, text: str) -> bool:
        """Tell by the ending."""
        return text.lower().endswith(".npz") and Path(text).is_file()

    def open(self, text: str, cache: Path) -> Source:
        """Read both arrays, without unpickling anything."""
        path = Path(text)
        try:
            with zipfile.ZipFile(path) as archive:
                held = {it.filename.removesuffix(".npy"): it for it in archive.infolist()}
                if not {"x", "y"} <= set(held):
                    raise DataError(
                        f"{path} has the arrays {', '.join(held) or 'none'}; "
                        "it needs x (N, H, W[, C]) and y (N)."
                    )
                y = _read(archive, held["y"])
                if held["x"].file_size > LARGE and _is_bytes(archive, held["x"]):
                    return _large(path, archive, held, y, cache)
                x = _read(archive, held["x"])
        except SartorError:
            raise
        except BROKEN as error:
            raise DataError(f"{path} cannot be read as .npz: {error}") from error
        images, notes = as_images(x, path.name)
        labels, classes = as_labels(y, len(images), path.name)
        return ArraySource(path.stem, images, labels, classes, notes=notes)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(member) as file:
        array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _is_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Tell whether an array can be used as it stands in the file."""
    with archive.open(member) as file:
        _, in_columns, dtype = _header(file)
        return dtype == np.uint8 and not in_columns


def _large(
    path: Path,
    archive: zipfile.ZipFile,
    held: dict[str, zipfile.ZipInfo],
    y: npt.NDArray[Any],
    cache: Path,
) -> Source:
    """Map images that would fill the memory."""
    mapped = _mapped(path, archive, held["x"], cache)
    refuse_shape(mapped.shape, path.name)
    labels, classes = as_labels(y, len(mapped), path.name)
    state = path.stat()
    line = f"{path.resolve()} {state.st_size} {state.st_mtime_ns} {held['x'].CRC} {held['y'].CRC}"
    key = hashlib.blake2b(line.encode(), digest_size=16).hexdigest()
    return ArraySource(path.stem, Rows(mapped, np.arange(len(mapped))), labels, classes, key=key)


def _mapped(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, cache: Path
) -> npt.NDArray[np.uint8]:
    """Map an array where it stands in the archive, or, if it is compressed, a copy of it."""
    with archive.open(member) as file:
        shape, _, dtype = _header(file)
        if member.compress_type == zipfile.ZIP_STORED:
            with open(path, "rb") as raw:
                raw.seek(member.header_offset + 26)
                lengths = np.frombuffer(raw.read(4), "<u2")  # of the name and of extra fields
                raw.seek(member.header_offset + 30 + int(lengths.sum()))
                _header(raw)
                return np.memmap(raw, dtype, "r", raw.tell(), shape)
        cache.mkdir(parents=True, exist_ok=True)
        with writing(cache, member.file_size), tempfile.TemporaryFile(dir=cache) as copy:
            refuse_full(cache, member.file_size)
            shutil.copyfileobj(file, copy, 2**20)
            copy.flush()
            return np.memmap(copy, dtype, "r", 0, shape)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


SOURCES.register("npz", "An .npz with x (N, H, W[, C]) and y (N).")(Npz())
