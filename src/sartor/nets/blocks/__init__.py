"""Kinds of blocks, one file each. A new kind is a new file and a line here."""

from sartor.nets.blocks.fused import Fused
from sartor.nets.blocks.inverted import Inverted
from sartor.nets.blocks.plain import Plain
from sartor.nets.blocks.protocol import BLOCKS, BlockKind, Place

__all__ = ["BLOCKS", "BlockKind", "Fused", "Inverted", "Place", "Plain"]
