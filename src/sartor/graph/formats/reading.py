"""Graphs of files of any known format."""

from collections.abc import Callable
from pathlib import Path

from sartor.errors import OptionError
from sartor.graph.formats.onnx import read_onnx
from sartor.graph.formats.tflite import read_tflite
from sartor.graph.graph import Graph
from sartor_agent.program import Shapes

READERS: dict[str, Callable[[Path, Shapes | None], Graph]] = {
    ".onnx": read_onnx,
    ".tflite": read_tflite,
}
"""By the ending of the file."""


def read_graph(file: Path, shapes: Shapes | None = None) -> Graph:
    """Read the graph of a file; nothing in it is run.

    Args:
        file: ONNX or TFLite.
        shapes: Of inputs, by name, where the file leaves them free.

    Raises:
        DamagedFileError: It is no model, is damaged, or keeps weights elsewhere.
        OptionError: The ending is unknown, or a shape is free.
    """
    if file.suffix not in READERS:
        raise OptionError(f"{file} ends in none of: {', '.join(READERS)}.")
    return READERS[file.suffix](file, shapes)
