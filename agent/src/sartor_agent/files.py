"""Checks of a file before a runtime reads it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import GraphProto, TensorProto

from sartor_agent.errors import DamagedFileError, OptionError
from sartor_agent.program import Port, Shapes

TFLITE_MARK = b"TFL3"
SHOWN = 600
"""Characters of a library's message that are passed on."""


def check_file(file: Path, formats: Sequence[str], runtime: str) -> None:
    """Refuse what is no self-contained model in one of the formats.

    Raises:
        OptionError: The ending is none of `formats`.
        DamagedFileError: It cannot be read, is no model, or refers to other files.
    """
    if file.suffix not in formats:
        known = ", ".join(formats)
        raise OptionError(f"{runtime} cannot read {file}; it reads files that end in: {known}.")
    if file.suffix == ".onnx":
        load_onnx(file)
    if file.suffix == ".tflite":
        check_tflite(file)


def recognise(file: Path) -> str:
    """Return the ending that a file should have, by its content: `.onnx` or `.tflite`.

    Raises:
        DamagedFileError: It cannot be read, is no model, or refers to other files.
    """
    if _begins_as_tflite(file, "ONNX or TFLite"):
        return ".tflite"
    load_onnx(file)
    return ".onnx"


def check_tflite(file: Path) -> None:
    """Refuse what does not begin as a TFLite file does.

    Raises:
        DamagedFileError: It cannot be read or is no model.
    """
    if not _begins_as_tflite(file, "TFLite"):
        raise DamagedFileError(f"{file} is no TFLite model.")


def _begins_as_tflite(file: Path, form: str) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(8)[4:] == TFLITE_MARK
    except OSError as error:
        raise damaged(file, form, error) from error


def load_onnx(file: Path) -> onnx.ModelProto:
    """Read an ONNX file, and refuse what is no self-contained model.

    Raises:
        DamagedFileError: It cannot be read, is no model, or refers to other files.
    """
    try:
        data = file.read_bytes()
        model = onnx.load_model_from_string(data)
        _refuse_external(model, file)
        # The bytes, not the model: that would be turned into bytes again, in three times the time.
        onnx.checker.check_model(data)
    except DamagedFileError:
        raise
    except (OSError, DecodeError, onnx.checker.ValidationError, ValueError) as error:
        raise damaged(file, "ONNX", error) from error
    return model


def ports(declared: Sequence[tuple[str, str, Sequence[int]]], shapes: Shapes | None, file: Path
          ) -> tuple[Port, ...]:  # fmt: skip
    """Fix the shapes of inputs.

    Args:
        declared: Name, NumPy's name of the type, and dimensions of each input; 0 or less is free.
        shapes: What is asked for, by name.
        file: For messages.

    Raises:
        OptionError: A shape is free and not asked for, or contradicts the file; the message names
            the input.
    """
    shapes = shapes or {}
    unknown = sorted(set(shapes) - {name for name, _, _ in declared})
    if unknown:
        known = ", ".join(name for name, _, _ in declared)
        raise OptionError(f"{file} has no input {unknown[0]!r}; its inputs are {known}.")
    found = []
    for name, kind, dims in declared:
        shape = fixed_shape(name, dims, shapes.get(name), file)
        found.append(Port(name, shape, kind, bool(dims) and dims[0] < 1))
    return tuple(found)


def fixed_shape(
    name: str, dims: Sequence[int], given: Sequence[int] | None, file: Path
) -> tuple[int, ...]:
    """Return the shape of an input whose free dimensions are 0 or less; see `ports`."""
    if given is not None and len(given) != len(dims):
        raise OptionError(
            f"the shape of {name!r} is {tuple(given)}; {file} says that it has {len(dims)} "
            "dimensions."
        )
    shape = tuple(dims) if given is None else tuple(given)
    for place, (asked, fixed) in enumerate(zip(shape, dims, strict=True)):
        if asked < 1 and place == 0 and given is None:
            shape = (1, *shape[1:])
        elif asked < 1:
            raise OptionError(
                f"the shape of the input {name!r} of {file} is free; say which is meant, for "
                f"example --shape {name}=1,3,224,224."
            )
        elif 0 < fixed != asked:
            raise OptionError(
                f"the input {name!r} of {file} has {fixed} where {asked} is asked for."
            )
    return shape


def damaged(file: Path, form: str, error: Exception) -> DamagedFileError:
    """Build the error for a file that cannot be read."""
    lines = str(error).strip().splitlines()
    reason = lines[0][:SHOWN] if lines else type(error).__name__
    return DamagedFileError(f"{file} is no {form} model or is damaged: {reason}")


def _refuse_external(model: onnx.ModelProto, file: Path) -> None:
    """Refuse weights in other files before anything follows their path."""
    functions = (node for function in model.functions for node in function.node)
    for tensor in (*_tensors(model.graph), *_of_nodes(functions)):
        if tensor.data_location == TensorProto.EXTERNAL:
            raise DamagedFileError(
                f"{file} keeps weights in other files ({tensor.name}); export it into one file."
            )


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Yield the constants of a graph, those inside of branches and loops too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(iter(graph.node))


def _of_nodes(nodes: Iterator[onnx.NodeProto]) -> Iterator[TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _tensors(graph)
