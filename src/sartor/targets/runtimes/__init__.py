"""Runtimes, one file each. A new runtime is a new file and a line here."""

from sartor.targets.runtimes import onnxruntime, openvino

__all__ = ["onnxruntime", "openvino"]
