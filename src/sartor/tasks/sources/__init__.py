"""Kinds of data, one file each. A new kind is a new file and a line here."""

# They are asked in this order: a folder of IDX files is a folder, too.
from sartor.tasks.sources import digits, hub, torchvision, npz, idx, folder  # isort: skip
from sartor.tasks.sources.protocol import SOURCES, Source, SourceKind

__all__ = [
    "SOURCES",
    "Source",
    "SourceKind",
    "digits",
    "folder",
    "hub",
    "idx",
    "npz",
    "torchvision",
]
