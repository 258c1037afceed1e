"""Batch norms: folded into what computes their input, wherever only they read it."""

import numpy as np
import numpy.typing as npt
from torch import nn

from sartor.deploy.graph import Graph, Value
from sartor.deploy.writers.protocol import Unwritable, as_array, writes

FOLDABLE = {"Conv", "Gemm"}
"""Operators whose weight has the output channels first, and whose third input is the bias."""


@writes(nn.BatchNorm2d, nn.BatchNorm1d)
def batch_norm(graph: Graph, name: str, module: nn.BatchNorm2d | nn.BatchNorm1d, x: Value) -> Value:
    """Fold a batch norm into the layer before it; write a product and a sum where there is none."""
    scale, shift = _affine(module)
    producer = graph.nodes.get(x.name)
    if producer is not None and producer.op_type in FOLDABLE and x not in graph.shared:
        weight, bias = producer.input[1], producer.input[2]
        kernel = graph.constants[weight].astype(np.float64)
        broadcast = scale.reshape(-1, *(1,) * (kernel.ndim - 1))
        graph.constants[weight] = (kernel * broadcast).astype(np.float32)
        graph.constants[bias] = (graph.constants[bias].astype(np.float64) * scale + shift).astype(
            np.float32
        )
        return x
    shape = (-1, 1, 1) if isinstance(module, nn.BatchNorm2d) else (-1,)
    factor = graph.constant(f"{name}.scale", scale.reshape(shape).astype(np.float32))
    term = graph.constant(f"{name}.shift", shift.reshape(shape).astype(np.float32))
    scaled = graph.node("Mul", [x, factor], name)
    return graph.node("Add", [scaled, term], f"{name}.shifted")


def _affine(
    module: nn.BatchNorm2d | nn.BatchNorm1d,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return scale and shift of every channel, (c,) each, in double precision."""
    if module.running_mean is None or module.running_var is None:
        raise Unwritable("batch norm without running statistics")
    mean, variance = as_array(module.running_mean), as_array(module.running_var)
    # A spoilt variance gives NaN here; the graph refuses it, by name, when it is finished.
    with np.errstate(invalid="ignore"):
        scale = 1.0 / np.sqrt(variance.astype(np.float64) + module.eps)
    if module.weight is not None:
        scale = scale * as_array(module.weight)
    shift = -mean * scale
    return scale, shift if module.bias is None else shift + as_array(module.bias)
