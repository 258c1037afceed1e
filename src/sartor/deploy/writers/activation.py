"""Activations, as modules, functions and methods."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sartor.deploy.graph import Graph, Value
from sartor.deploy.writers.protocol import Unwritable, writes


@writes(torch.relu, functional.relu, "relu", "relu_")
def relu(graph: Graph, name: str, x: Value, inplace: bool = False) -> Value:  # noqa: ARG001
    """Write max(x, 0)."""
    return graph.node("Relu", [x], name)


@writes(functional.relu6)
def relu6(graph: Graph, name: str, x: Value, inplace: bool = False) -> Value:  # noqa: ARG001
    """Write min(max(x, 0), 6)."""
    return graph.node("Clip", [x, _number(graph, "zero", 0), _number(graph, "six", 6)], name)


@writes(functional.hardsigmoid)
def hardsigmoid(graph: Graph, name: str, x: Value, inplace: bool = False) -> Value:  # noqa: ARG001
    """Write relu6(x + 3) / 6."""
    return graph.node("HardSigmoid", [x], name, alpha=1 / 6, beta=0.5)


@writes(functional.hardswish)
def hardswish(graph: Graph, name: str, x: Value, inplace: bool = False) -> Value:  # noqa: ARG001
    """Write x * relu6(x + 3) / 6."""
    return graph.node("HardSwish", [x], name)


@writes(torch.sigmoid, functional.sigmoid, "sigmoid", "sigmoid_")
def sigmoid(graph: Graph, name: str, x: Value) -> Value:
    """Write 1 / (1 + exp(-x))."""
    return graph.node("Sigmoid", [x], name)


@writes(functional.silu)
def silu(graph: Graph, name: str, x: Value, inplace: bool = False) -> Value:  # noqa: ARG001
    """Write x * sigmoid(x)."""
    return graph.node("Mul", [x, graph.node("Sigmoid", [x], f"{name}.gate")], name)


@writes(functional.gelu)
def gelu(graph: Graph, name: str, x: Value, approximate: str = "none") -> Value:
    """Write x * (1 + erf(x / sqrt(2))) / 2."""
    if approximate != "none":
        raise Unwritable(f"gelu with approximation {approximate}")
    scaled = graph.node("Div", [x, _number(graph, "sqrt2", math.sqrt(2))], f"{name}.scaled")
    error = graph.node("Erf", [scaled], f"{name}.erf")
    weight = graph.node("Add", [error, _number(graph, "one", 1)], f"{name}.weight")
    product = graph.node("Mul", [x, weight], f"{name}.product")
    return graph.node("Mul", [product, _number(graph, "half", 0.5)], name)


def _number(graph: Graph, name: str, value: float) -> Value:
    return graph.constant(name, np.full((), value, np.float32))


def _as_module(write: Callable[..., Value]) -> Callable[..., Value]:
    """Make the writer of a module without options from that of its function."""

    def write_module(graph: Graph, name: str, module: nn.Module, x: Value) -> Value:  # noqa: ARG001
        return write(graph, name, x)

    return write_module


writes(nn.ReLU)(_as_module(relu))
writes(nn.ReLU6)(_as_module(relu6))
writes(nn.Hardsigmoid)(_as_module(hardsigmoid))
writes(nn.Hardswish)(_as_module(hardswish))
writes(nn.Sigmoid)(_as_module(sigmoid))
writes(nn.SiLU)(_as_module(silu))


@writes(nn.GELU)
def gelu_module(graph: Graph, name: str, module: nn.GELU, x: Value) -> Value:
    """Write x * (1 + erf(x / sqrt(2))) / 2."""
    return gelu(graph, name, x, module.approximate)
