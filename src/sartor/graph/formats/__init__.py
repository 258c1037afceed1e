"""Files that a graph can be read from: one for each format."""

from sartor.graph.formats.onnx import read_onnx
from sartor.graph.formats.reading import READERS, read_graph
from sartor.graph.formats.tflite import read_tflite
from sartor.graph.formats.trial import read_safely

__all__ = ["READERS", "read_graph", "read_onnx", "read_safely", "read_tflite"]
