"""Checks of a file before a runtime reads it."""

from pathlib import Path

from sartor.errors import DamagedFileError
from sartor.graph.formats import load_onnx


def check_onnx(file: Path) -> tuple[int, int, int]:
    """Refuse a file that is no self-contained ONNX model of one image.

    Returns:
        Channels, rows and columns of its input.

    Raises:
        DamagedFileError: It cannot be read, is no model, refers to other files, or reads something
            else.
    """
    inputs = list(load_onnx(file).graph.input)
    dims = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim] if inputs else []
    if len(inputs) != 1 or len(dims) != 4 or not all(dims[1:]):
        raise DamagedFileError(
            f"{file} has {len(inputs)} inputs of shape {dims}; allowed: one, (n, c, h, w), "
            "with fixed c, h and w."
        )
    return dims[1], dims[2], dims[3]
