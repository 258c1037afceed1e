"""Says on which machine and with which versions a benchmark ran."""

import platform
from importlib import metadata

from sartor import targets

PACKAGES = ("torch", "onnxruntime", "openvino", "numpy")


def describe() -> str:
    """Return one line for the head of a table."""
    fingerprint = targets.open("cpu").reading(".onnx").fingerprint
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return (
        f"{fingerprint['cpu']}, {fingerprint['cores']} cores, {fingerprint['flags']}; "
        f"Python {platform.python_version()}, {versions}"
    )
