"""Sums, products, and what only moves numbers."""

import operator
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from sartor.deploy.graph import Graph, Value
from sartor.deploy.writers.protocol import Unwritable, writes

Operand = Value | int | float


@writes(operator.add, operator.iadd, torch.add, "add", "add_")
def add(graph: Graph, name: str, a: Operand, b: Operand) -> Value:
    """Write a sum."""
    return graph.node("Add", [_value(graph, name, a), _value(graph, name, b)], name)


@writes(operator.mul, operator.imul, torch.mul, "mul", "mul_")
def multiply(graph: Graph, name: str, a: Operand, b: Operand) -> Value:
    """Write a product."""
    return graph.node("Mul", [_value(graph, name, a), _value(graph, name, b)], name)


@writes(torch.cat)
def concatenate(graph: Graph, name: str, tensors: Sequence[Value], dim: int = 0) -> Value:
    """Write a concatenation."""
    return graph.node("Concat", list(tensors), name, axis=dim)


@writes(torch.flatten, "flatten")
def flatten(graph: Graph, name: str, x: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    """Write a flattening to one vector per image."""
    if (start_dim, end_dim) != (1, -1):
        raise Unwritable(f"flatten from {start_dim} to {end_dim}")
    return graph.node("Flatten", [x], name, axis=1)


@writes(nn.Flatten)
def flatten_module(graph: Graph, name: str, module: nn.Flatten, x: Value) -> Value:
    """Write a flattening to one vector per image."""
    return flatten(graph, name, x, module.start_dim, module.end_dim)


@writes(nn.Identity, nn.Dropout, nn.Dropout2d)
def identity(graph: Graph, name: str, module: nn.Module, x: Value) -> Value:  # noqa: ARG001
    """Write nothing: in evaluation these return their input."""
    return x


def _value(graph: Graph, name: str, operand: Operand) -> Value:
    if isinstance(operand, Value):
        return operand
    return graph.constant(f"{name}.number", np.full((), operand, np.float32))
