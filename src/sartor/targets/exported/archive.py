"""The members of a `.pt2` archive: the graph as JSON, and tensors as raw bytes.

PyTorch's own `torch.export.load` is not used, because a file can make it run code: it unpickles
example inputs, tensor subclasses, constants and the files of older formats; it loads compiled
libraries; it evaluates sizes as Python and executes guards; it imports what tree specifications
name; and it calls whatever stands under `torch` as an operator. Here the file's graph and its
tensors are read, both plain data, and nothing else in the archive is opened.
"""

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sartor.errors import OptionError
from sartor_agent.files import damaged

FORM = "exported PyTorch"
VERSION, SCHEMA = b"0", 8
"""Of the archive, and of the JSON in it, as PyTorch 2.9 to 2.14 write them."""
PROGRAM = "models/model.json"
TENSORS = {
    "data/weights/": "data/weights/model_weights_config.json",
    "data/constants/": "data/constants/model_constants_config.json",
}
"""Folders of tensors, and what describes them."""
COMPILED = "data/aotinductor/"
STRIDED = 7
"""Number of the layout that is plain memory."""
MOST_JSON_BYTES = 500_000_000
DTYPES = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64,
    6: torch.float16, 7: torch.float32, 8: torch.float64, 10: torch.complex64,
    11: torch.complex128, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
"""By the numbers that the format gives them."""

BROKEN = (
    OSError, zipfile.BadZipFile, EOFError, LookupError, TypeError, ValueError, AttributeError,
    ArithmeticError, RuntimeError,
)  # fmt: skip
"""What reading a damaged archive raises: its tables are taken as they should be, and what is not
there, or is something else, is refused as damage, with its reason."""

Json = dict[str, Any]  # Any: what a file says, checked where it is used


@dataclass(frozen=True, slots=True)
class Archive:
    """What is read of a file."""

    program: Json
    tensors: Mapping[str, torch.Tensor]
    """Parameters, buffers and constants by the names that the graph's signature uses."""


def read_archive(file: Path) -> Archive:
    """Read the graph and the tensors of a `.pt2` file.

    Raises:
        DamagedFileError: It is no archive of this kind, or is damaged.
        OptionError: It is of another version, or holds what only runs as code.
    """
    try:
        with zipfile.ZipFile(file) as opened:
            return _read(opened)
    except OptionError as error:
        raise OptionError(f"{file} cannot be read: {error}") from error
    except BROKEN as error:
        raise damaged(file, FORM, error) from error


def _read(opened: zipfile.ZipFile) -> Archive:
    members = dict(_members(opened))
    if opened.read(members["archive_format"]) != b"pt2":
        raise ValueError("it is another kind of archive")
    if opened.read(members["byteorder"]) != b"little":
        raise OptionError("it is of a machine of another byte order; export it on this one.")
    program = _json(opened, members[PROGRAM])
    found = (opened.read(members["archive_version"]), program["schema_version"]["major"])
    if found != (VERSION, SCHEMA):
        raise OptionError(
            f"it is of another version of the format ({found[0]!r}, {found[1]!r}); export it "
            "again with PyTorch 2.9 or newer."
        )
    if any(name.startswith(COMPILED) for name in members):
        raise OptionError("it holds compiled code, which is not run; export the network.")
    tensors: dict[str, torch.Tensor] = {}
    for folder, described in TENSORS.items():
        config = _json(opened, members[described])["config"]
        tensors |= dict(_tensors(opened, members, folder, config))
    return Archive(program, tensors)


def _members(opened: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield the members under their names without the archive's own; none may be there twice."""
    seen: set[str] = set()
    for member in opened.infolist():
        name = member.filename.partition("/")[2]
        if name in seen:
            raise ValueError(f"{name} is in it twice")
        # PyTorch compresses nothing, so that no small file can become a large one.
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{name} is compressed")
        seen.add(name)
        yield name, member


def _json(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Json:
    if member.file_size > MOST_JSON_BYTES:
        raise ValueError(f"{member.filename} is too large")
    found = json.loads(opened.read(member))
    if not isinstance(found, dict):
        raise TypeError(f"{member.filename} is no table")
    return found


def _tensors(
    opened: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], folder: str, config: Json
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield tensors; those that share a member share its memory."""
    held: dict[str, bytearray] = {}
    for name, told in config.items():
        path = told["path_name"]
        if told["use_pickle"] or told["tensor_meta"] is None:
            raise OptionError(
                f"{name!r} is stored as a Python object, which could run code when it is read; "
                "export a network whose weights are plain tensors."
            )
        if path not in held:
            held[path] = bytearray(opened.read(members[folder + path]))
        yield name, _tensor(held[path], told["tensor_meta"], bool(told["is_param"]))


def _tensor(data: bytearray, told: Json, is_parameter: bool) -> torch.Tensor:
    dtype, layout = DTYPES[told["dtype"]], told["layout"]
    if layout != STRIDED:
        raise ValueError(f"a tensor has the layout {layout}")
    sizes, strides = _counts(told["sizes"]), _counts(told["strides"])
    (offset,) = _counts([told["storage_offset"]])
    empty = math.prod(sizes) == 0
    last = offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    if not empty and (last + 1) * dtype.itemsize > len(data):
        raise ValueError("a tensor is larger than its bytes")
    flat = torch.frombuffer(data, dtype=dtype) if len(data) else torch.empty(0, dtype=dtype)
    tensor = torch.empty(sizes, dtype=dtype) if empty else flat.as_strided(sizes, strides, offset)
    if is_parameter and dtype.is_floating_point:
        return torch.nn.Parameter(tensor, requires_grad=False)
    return tensor


def _counts(told: list[Json]) -> list[int]:
    """Read sizes, which are numbers in tensors that are stored."""
    found = [it["as_int"] for it in told]
    if any(type(it) is not int or it < 0 for it in found):
        raise ValueError(f"the sizes {found}")
    return found
