"""Files that a graph can be read from: one for each format."""

from sartor.graph.formats.onnx import read_onnx
from sartor.graph.formats.tflite import read_tflite

__all__ = ["read_onnx", "read_tflite"]
