"""A network as operations and tensors, whatever file it was read from."""

from sartor.graph.graph import Attribute, Effect, Graph, Operation, Products, Tensor
from sartor.graph.rounding import fold_rounding

__all__ = ["Attribute", "Effect", "Graph", "Operation", "Products", "Tensor", "fold_rounding"]
