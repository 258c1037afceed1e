"""Checkpoints of a training: whole or absent, and never executable."""

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sartor.study.atomic import disk_errors, write_bytes

if TYPE_CHECKING:
    from torch import Tensor

NAME = re.compile(r"(\d{9})-([0-9a-f]{16})\.safetensors")


class Checkpoint(NamedTuple):
    """What a training needs to go on."""

    step: int
    tensors: "dict[str, Tensor]"
    state: Any  # plain data, whose shape the training knows


class Checkpoints:
    """The newest checkpoints of one training, each a safetensors file.

    The name of a file holds the step and the checksum of the content, so that one rename makes
    both, and a file that was cut off or altered is known for what it is.

    Args:
        folder: Made with the first checkpoint.
        keep: How many are kept. With two, a damaged one costs only the time since the other.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        assert keep >= 1, f"keep is {keep}"
        self.folder = folder
        self.keep = keep
        self.skipped: tuple[str, ...] = ()
        """Names of the damaged files that the last call of `latest` passed over."""

    def save(self, step: int, tensors: "Mapping[str, Tensor]", state: object) -> Path:
        """Write a checkpoint and remove those that are no longer kept.

        Args:
            step: Steps done so far. Checkpoints of later steps are removed: they belong to a
                training that was given up.
            tensors: Any shapes and types; copied to the CPU.
            state: JSON-able; everything that is no tensor.

        Raises:
            RunFolderError: The disk is full; the checkpoints before are still there.
        """
        from safetensors.torch import save

        content = save(_separate(tensors), {"step": str(step), "state": json.dumps(state)})
        checksum = hashlib.sha256(content).hexdigest()[:16]
        path = self.folder / f"{step:09d}-{checksum}.safetensors"
        write_bytes(path, content)
        older = [kept for kept in self._files() if kept != path and _step(kept) < step]
        keep = {path, *older[: self.keep - 1]}
        with disk_errors(self.folder):
            for file in self._files():
                if file not in keep:
                    file.unlink(missing_ok=True)
        return path

    def latest(self) -> Checkpoint | None:
        """Read the newest checkpoint that is whole, or return None where there is none.

        Damaged ones get the ending `.damaged` and are named in `skipped`.
        """
        from safetensors.torch import load

        skipped = []
        found = None
        for path in self._files():
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest()[:16] == path.stem.split("-")[1]:
                metadata = _metadata(content)
                state = json.loads(metadata["state"])
                found = Checkpoint(int(metadata["step"]), load(content), state)
                break
            skipped.append(path.name)
            path.rename(path.with_name(f"{path.name}.damaged"))
        self.skipped = tuple(skipped)
        return found

    def _files(self) -> list[Path]:
        """Return the checkpoints, newest first."""
        if not self.folder.is_dir():
            return []
        files = [path for path in self.folder.iterdir() if NAME.fullmatch(path.name)]
        return sorted(files, key=lambda path: path.name, reverse=True)


def _step(path: Path) -> int:
    return int(path.name[:9])


def _metadata(content: bytes) -> dict[str, str]:
    """Read the metadata of a safetensors file: 8 bytes of length, then a JSON header."""
    (length,) = struct.unpack("<Q", content[:8])
    metadata: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return metadata


def _separate(tensors: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """Bring tensors to the CPU, contiguous, and copy those that share memory with another."""
    separate: dict[str, Tensor] = {}
    memories = set()
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        memory = plain.untyped_storage().data_ptr()
        if memory in memories:
            plain = plain.clone()
        memories.add(plain.untyped_storage().data_ptr())
        separate[name] = plain
    return separate
