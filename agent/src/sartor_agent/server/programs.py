"""Uploaded programs, by hash, within a bound on the disk."""

import contextlib
import errno
import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sartor_agent.server.refusals import Refusal

ENDINGS = (".onnx", ".tflite")
AT_ONCE = 4
"""Uploads at the same time."""


@dataclass(slots=True)
class Incoming:
    """An upload on its way into a temporary file."""

    file: Path
    size: int
    """Bytes that were promised."""
    got: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, chunk: bytes) -> None:
        """Append a part."""
        with _room(), self.file.open("ab") as opened:
            opened.write(chunk)
        self.digest.update(chunk)
        self.got += len(chunk)


class Programs:
    """A folder of programs. Safe from any thread.

    A program's time of change says when it was last used, also after a restart.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder / "programs"
        self._incoming = folder / "incoming"
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._promised: dict[Path, int] = {}
        for place in (self._folder, self._incoming):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self._incoming.iterdir():
            left.unlink()

    def find(self, program: str) -> Path | None:
        """Return the file of a program and note that it was used, or nothing."""
        for ending in ENDINGS:
            file = self._folder / f"{program}{ending}"
            with contextlib.suppress(FileNotFoundError):
                os.utime(file)
                return file
        return None

    @contextlib.contextmanager
    def receive(self, size: int, used: Collection[Path]) -> Iterator[Incoming]:
        """Make room for an upload and give its temporary file, which is gone at the end.

        Args:
            size: Bytes.
            used: Files that must stay.

        Raises:
            Refusal: Too many uploads, or no room.
        """
        file = self._incoming / secrets.token_hex(16)
        with self._lock:
            if len(self._promised) >= AT_ONCE:
                raise Refusal(
                    503, f"{AT_ONCE} uploads are under way; wait until one of them has ended."
                )
            self._evict(size, used)
            self._promised[file] = size
        try:
            yield Incoming(file, size)
        finally:
            file.unlink(missing_ok=True)
            with self._lock:
                del self._promised[file]

    def keep(self, incoming: Incoming, program: str, check: Callable[[Path], str]) -> None:
        """Take an upload that is whole, has the hash that it should have, and is a model.

        Args:
            incoming: All of it.
            program: The hash.
            check: Returns the ending that belongs to a file, or raises what speaks against it.

        Raises:
            Refusal: It differs from what was promised.
        """
        if incoming.got != incoming.size or incoming.digest.hexdigest() != program:
            raise Refusal(
                422,
                f"{incoming.got} bytes with another hash than {program[:12]}... arrived; upload "
                "the program again.",
                corrupted=True,
            )
        ending = check(incoming.file)
        with _room(), incoming.file.open("rb+") as opened:
            os.fsync(opened.fileno())
        incoming.file.replace(self._folder / f"{program}{ending}")

    def _evict(self, size: int, used: Collection[Path]) -> None:
        """Remove what was not used for longest until `size` bytes fit."""
        found = sorted((it.stat().st_mtime_ns, it) for it in self._folder.iterdir())
        total = sum(it.stat().st_size for _, it in found) + sum(self._promised.values()) + size
        for _, file in found:
            if total <= self._most_bytes:
                return
            if file not in used:
                total -= file.stat().st_size
                file.unlink()
        if total > self._most_bytes:
            raise Refusal(
                507,
                f"the programs that are in use leave no room for {size} bytes; this agent keeps "
                f"{self._most_bytes} bytes. Start it with a larger --kept-bytes.",
            )


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """Say that the disk is full in a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Refusal(507, "the device's disk is full; make room and repeat.") from error
