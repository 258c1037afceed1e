"""job.yaml: what was asked of a run, so that it is never continued with something else."""

import datetime
import importlib.metadata
import json
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sartor.errors import DamagedFileError, RunFolderError
from sartor.study.atomic import write_bytes

VERSION = 1
PACKAGES = ("sartor", "torch", "numpy", "onnx", "onnxruntime", "openvino", "optuna", "timm")
ABSENT = "nothing"


def write_job(path: Path, asked: Mapping[str, object], extra: Mapping[str, object]) -> None:
    """Write a new job.yaml: what was asked, the versions at work, and `extra` beside them."""
    import yaml

    content = {
        "version": VERSION,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "asked": _plain(asked),
        "versions": _versions(),
        **_plain(extra),
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    if yaml.safe_load(text) != content:
        # PyYAML writes some rare characters, such as U+0085, in a way that it reads differently.
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=False, width=100)
    write_bytes(path, text.encode())


def read_job(path: Path) -> dict[str, Any]:  # Any: plain data of a YAML file
    """Read a job.yaml.

    Raises:
        DamagedFileError: It is no YAML, or lacks what was asked.
        RunFolderError: It was written by a newer version.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("asked"), dict):
        raise DamagedFileError(
            f"{path} is damaged: it does not say what was asked. Give another folder with --out."
        )
    if content.get("version") != VERSION:
        raise RunFolderError(
            f"{path} is of version {content.get('version')}, this Sartor reads version {VERSION}; "
            "use the Sartor that wrote it, or give another folder with --out."
        )
    return content


def refuse_other_job(
    folder: Path, before: Mapping[str, object], asked: Mapping[str, object]
) -> None:
    """Refuse to continue a run with anything but what it was begun with.

    Raises:
        RunFolderError: The message says of everything that differs what it was and what it is now.
    """
    old, new = dict(_leaves(before)), dict(_leaves(_plain(asked)))
    names = [*old, *(name for name in new if name not in old)]
    changes = [
        f"{name} was {_told(old, name)} and is now {_told(new, name)}"
        for name in names
        if name not in old or name not in new or _differ(old[name], new[name])
    ]
    if changes:
        raise RunFolderError(
            f"{folder} holds a run that was asked for something else: {'; '.join(changes)}. "
            "Ask for the same as before to go on, or give another folder with --out."
        )


def _leaves(asked: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in asked.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _differ(one: object, other: object) -> bool:
    # As JSON, so that NaN equals NaN and 1 does not equal True.
    return json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True) and one != other


def _told(leaves: Mapping[str, object], name: str) -> str:
    value = leaves.get(name)
    return ABSENT if value is None or value == [] else json.dumps(value, ensure_ascii=False)


def _plain(value: Mapping[str, object]) -> dict[str, Any]:  # Any: plain data for YAML
    """Bring tuples to lists, as they will be read back."""
    plain: dict[str, Any] = json.loads(json.dumps(value))
    return plain


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # an extra that is not installed, or Sartor itself run from its source
    return versions
