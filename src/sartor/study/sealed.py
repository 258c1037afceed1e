"""JSON files that know their own checksum."""

import hashlib
import json
from pathlib import Path
from typing import Any

from sartor.errors import DamagedFileError
from sartor.study.atomic import write_bytes


def write_json(path: Path, value: object) -> None:
    """Write a JSON-able value with its checksum, in one step.

    Raises:
        RunFolderError: The disk is full, or the folder cannot be written.
    """
    content = {"sha256": _checksum(value), "value": value}
    write_bytes(path, json.dumps(content, indent=1).encode())


def read_json(path: Path) -> Any:  # Any: plain data, whose shape only the caller knows
    """Read what `write_json` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFileError: The content is not what was written.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["sha256"] == _checksum(content["value"]):
            return content["value"]
    except (ValueError, KeyError, TypeError):  # no JSON, no UTF-8, or not our two fields
        pass
    raise DamagedFileError(
        f"{path} is damaged: its content is not what was written. Remove it and run the same "
        "command again; what it held is made anew."
    )


def _checksum(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
