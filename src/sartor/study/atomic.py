"""Write files so that a kill or a full disk leaves the old content or the new, never a part."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from sartor.errors import RunFolderError
from sartor.units import show

FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file at `path` in one step; its folder is made where it is missing.

    Raises:
        RunFolderError: The disk is full, or the folder cannot be written.
    """
    with replacing(path, needed=len(content)) as temporary, open(temporary, "wb") as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path, *, needed: int | None = None) -> Iterator[Path]:
    """Lend a temporary path beside `path`; what was written there replaces `path` at the end.

    Nothing is replaced when the body raises.

    Args:
        path: The file to be replaced or made.
        needed: Bytes that will be written, for the message when the disk is full.

    Raises:
        RunFolderError: The disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_errors(path, needed=needed):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, path)
            _sync(path.parent)
        finally:
            # Only there when something went wrong. A full disk still lets a file be removed.
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def disk_errors(path: Path, *, needed: int | None = None) -> Iterator[None]:
    """Turn a full or forbidden disk into a sentence.

    Args:
        path: What is written, for the message.
        needed: Bytes that were to be written, if known.

    Raises:
        RunFolderError: In place of the `OSError`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise disk_is_full(path, needed) from error
        if error.errno in FORBIDDEN:
            raise RunFolderError(
                f"{path} cannot be written ({error.strerror}); "
                "change its permissions or give another folder with --out."
            ) from error
        raise


def disk_is_full(path: Path, needed: int | None = None) -> RunFolderError:
    """Build the error for a disk without room."""
    amount = "" if needed is None else f" {show('size_bytes', needed)} were needed."
    return RunFolderError(
        f"the disk is full: {path} could not be written.{amount} Nothing that was finished is "
        "lost: free some space and run the same command again to go on."
    )


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of writers that were killed; call only under the folder's lock."""
    for leftover in folder.rglob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders; its rename is durable by itself.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
