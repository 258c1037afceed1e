"""Choices, spaces and designs: what can be decided, and one decision."""

from sartor.space.choice import Choice, Condition, Option
from sartor.space.design import Design
from sartor.space.space import Genes, Space

__all__ = ["Choice", "Condition", "Design", "Genes", "Option", "Space"]
