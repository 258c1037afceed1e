"""Checks of a file before a runtime reads it."""

from pathlib import Path

import onnx

from sartor.errors import DamagedFileError


def check_onnx(file: Path) -> tuple[int, int, int]:
    """Refuse a file that is no self-contained ONNX model.

    Returns:
        Channels, rows and columns of its input.

    Raises:
        DamagedFileError: It cannot be read, is no model, or refers to other files.
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model(file, load_external_data=False)
        _refuse_external(model, file)
        onnx.checker.check_model(model)
    except (OSError, DecodeError, onnx.checker.ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DamagedFileError(f"{file} is no ONNX model or is damaged: {reason}") from error
    inputs = list(model.graph.input)
    dims = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim] if inputs else []
    if len(inputs) != 1 or len(dims) != 4 or not all(dims[1:]):
        raise DamagedFileError(
            f"{file} has {len(inputs)} inputs of shape {dims}; allowed: one, (n, c, h, w), "
            "with fixed c, h and w."
        )
    return dims[1], dims[2], dims[3]


def _refuse_external(model: onnx.ModelProto, file: Path) -> None:
    """Refuse weights in other files before anything follows their path."""
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise DamagedFileError(
                f"{file} keeps weights in other files ({tensor.name}); export it into one file."
            )
