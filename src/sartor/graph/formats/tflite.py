"""Graphs of TFLite files."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sartor.errors import DamagedFileError, MissingExtraError, OptionError
from sartor.graph.formats.tflite_operators import what_it_does
from sartor.graph.graph import Graph, Operation, Tensor

ITEM_BITS = {
    "FLOAT64": 64, "FLOAT32": 32, "FLOAT16": 16, "BFLOAT16": 16,
    "INT64": 64, "INT32": 32, "INT16": 16, "INT8": 8, "INT4": 4, "INT2": 2,
    "UINT64": 64, "UINT32": 32, "UINT16": 16, "UINT8": 8, "UINT4": 4, "BOOL": 8,
}  # fmt: skip
"""Of the types that have a fixed size."""
MARK = b"TFL3"


def read_tflite(file: Path, shapes: Mapping[str, Sequence[int]] | None = None) -> Graph:
    """Read the graph of a TFLite file; nothing in it is run.

    Args:
        file: With one subgraph.
        shapes: None can be given: a TFLite file says them all.

    Raises:
        DamagedFileError: It is no TFLite model or is damaged.
        OptionError: It has several subgraphs, or a shape was given.
        MissingExtraError: The package that knows the format is not installed.
    """
    if shapes:
        raise OptionError(f"{file} says the shapes of its inputs; leave out --shape.")
    data = file.read_bytes()
    if data[4:8] != MARK:
        raise DamagedFileError(f"{file} is no TFLite model.")
    try:
        return _graph(data, file)
    except OptionError:
        raise
    except (struct.error, IndexError, KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise DamagedFileError(f"{file} is a damaged TFLite model: {error}") from error


def _schema() -> Any:  # Any: generated code without types
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise MissingExtraError(
            "TFLite files need the extra litert; install it with: pip install 'sartor[litert]'."
        ) from error
    return schema_py_generated


def _graph(data: bytes, file: Path) -> Graph:
    schema = _schema()
    model = schema.Model.GetRootAsModel(data, 0)
    if model.SubgraphsLength() < 1:
        raise ValueError("it has no graph")
    if model.SubgraphsLength() > 1:
        raise OptionError(
            f"{file} has {model.SubgraphsLength()} subgraphs; allowed: one, without branches or "
            "loops."
        )
    graph = model.Subgraphs(0)
    kinds, types = _names(schema.BuiltinOperator), _names(schema.TensorType)
    count = _few(graph.TensorsLength(), data)
    tensors = [_tensor(graph.Tensors(at), at, types) for at in range(count)]
    constant = [_has_values(model, graph.Tensors(at).Buffer()) for at in range(count)]
    inputs, operations = graph.InputsAsNumpy().tolist(), []
    flowing = {tensors[at].name: tensors[at] for at in inputs}
    for place in range(_few(graph.OperatorsLength(), data)):
        operator = graph.Operators(place)
        reads = [at for at in operator.InputsAsNumpy().tolist() if at >= 0]
        writes = operator.OutputsAsNumpy().tolist()
        kind = _kind(model.OperatorCodes(operator.OpcodeIndex()), kinds)
        shapes = [tensors[at].shape for at in reads]
        effect, products = what_it_does(kind, shapes, tensors[writes[0]].shape)
        flowing.update({tensors[at].name: tensors[at] for at in writes})
        operations.append(
            Operation(
                f"{kind}_{place}",
                kind,
                tuple(tensors[at].name for at in reads if not constant[at]),
                tuple(tensors[at].name for at in writes),
                effect,
                products,
                tuple(tensors[at] for at in reads if constant[at]),
            )
        )
    names = tuple(tensors[at].name for at in inputs)
    outputs = tuple(tensors[at].name for at in graph.OutputsAsNumpy().tolist())
    return Graph(tuple(operations), flowing, names, outputs)


def _few(count: int, data: bytes) -> int:
    """Refuse numbers that a file of this length cannot hold."""
    if count > len(data):
        raise ValueError(f"{count} entries in {len(data)} bytes")
    return count


def _names(kinds: Any) -> dict[int, str]:  # Any: a generated class of constants
    return {value: name for name, value in vars(kinds).items() if name.isupper()}


def _tensor(tensor: Any, at: int, types: Mapping[int, str]) -> Tensor:
    kind = types[tensor.Type()]
    if kind not in ITEM_BITS:
        raise OptionError(f"tensors of the type {kind} have no fixed size.")
    shape = () if tensor.ShapeIsNone() else tuple(tensor.ShapeAsNumpy().tolist())
    if any(it < 0 for it in shape):
        raise ValueError(f"tensor {at} has the shape {shape}")
    return Tensor(f"{at}:{tensor.Name().decode(errors='replace')}", shape, ITEM_BITS[kind])


def _has_values(model: Any, buffer: int) -> bool:
    """Tell whether a buffer has values: that of a tensor that flows is empty."""
    held = model.Buffers(buffer)
    return bool(held.DataLength() or held.Size())


def _kind(code: Any, kinds: Mapping[int, str]) -> str:
    """Name an operator; codes above 127 stand in a field of their own."""
    name = kinds[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    return code.CustomCode().decode(errors="replace") if name == "CUSTOM" else name
