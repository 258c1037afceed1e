"""The work of a step from its shapes, where no operation of the file is found for it."""

import math

from sartor.graph import Products
from sartor.graph.formats.onnx_operators import what_it_does
from sartor.targets import Step


def products_of(step: Step) -> Products | None:
    """Return the matrix products that a step's shapes say it computes.

    They hold what the runtime pads: channels in blocks of 16.

    Returns:
        None where the step is of another kind, or its runtime does not tell the shapes.
    """
    if len(step.reads) < 2 or not step.writes:
        return None
    if step.kind in ("Convolution", "GroupConvolution"):
        return _openvino_convolution(step)
    if step.kind in ("FullyConnected", "MatMul") and "exec_type" in step.attributes:
        return _openvino_matrices(step)
    reads, written = list(step.reads), step.writes[0]
    if step.attributes.get("channels_last"):
        reads[0], written = _channels_first(reads[0]), _channels_first(written)
    return what_it_does(step.kind, reads, written, step.attributes)[1]


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], shape[-1], *shape[1:-1])


def _openvino_convolution(step: Step) -> Products:
    """Weights are (o, i, ...), or (groups, o, i, ...) where there are groups."""
    read, weight, written = step.reads[0], step.reads[1], step.writes[0]
    grouped = len(weight) > len(read)
    groups = weight[0] if grouped else 1
    columns, *inner = weight[1:] if grouped else weight
    return Products(groups, written[0] * math.prod(written[2:]), math.prod(inner), columns)


def _openvino_matrices(step: Step) -> Products:
    """The first input has (rows, inner) numbers for each of a batch, whichever way it is turned."""
    batch, (rows, columns) = math.prod(step.writes[0][:-2]), (1, *step.writes[0])[-2:]
    inner = math.prod(step.reads[0]) // max(1, batch * rows)
    return Products(batch, rows, inner, columns)
