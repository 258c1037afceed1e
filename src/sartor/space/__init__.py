"""Choices, spaces and designs: what can be decided, and one decision."""

from sartor.space.choice import Choice, Condition, Option
from sartor.space.coding import Coding, Encoded, Features, Genes
from sartor.space.design import Design
from sartor.space.space import Space
from sartor.space.width import WIDTH_STEP, snap

__all__ = [
    "WIDTH_STEP",
    "Choice",
    "Coding",
    "Condition",
    "Design",
    "Encoded",
    "Features",
    "Genes",
    "Option",
    "Space",
    "snap",
]
