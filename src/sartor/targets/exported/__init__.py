"""Exported PyTorch programs: `.pt2` files, read without running anything that is in them."""

from sartor.targets.exported.program import Exported, read_exported

__all__ = ["Exported", "read_exported"]
