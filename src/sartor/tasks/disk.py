"""A full disk gets a sentence."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sartor.errors import RunFolderError
from sartor.units import show

FULL = {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def writing(folder: Path, needed: int) -> Iterator[None]:
    """Turn a full disk into a sentence.

    Args:
        folder: Where is written; it may not exist yet.
        needed: Bytes in all.

    Raises:
        RunFolderError: In place of the `OSError`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise RunFolderError(
            f"the disk of {folder} is full: the images need {show('size_bytes', needed)}, "
            f"{show('size_bytes', _free(folder))} are free. Free some, or give another place "
            "with --cache."
        ) from error


def refuse_full(folder: Path, needed: int) -> None:
    """Raise what a full disk raises, before anything is written."""
    if _free(folder) < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _free(folder: Path) -> int:
    place = next(it for it in (folder, *folder.absolute().parents) if it.exists())
    return shutil.disk_usage(place).free
