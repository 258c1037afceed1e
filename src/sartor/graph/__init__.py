"""A network as operations and tensors, whatever file it was read from."""

from sartor.graph.graph import Attribute, Effect, Graph, Operation, Products, Tensor

__all__ = ["Attribute", "Effect", "Graph", "Operation", "Products", "Tensor"]
