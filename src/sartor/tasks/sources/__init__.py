"""Kinds of data, one file each. A new kind is a new file and a line here."""

from sartor.tasks.sources import digits, hub, npz, idx, folder  # isort: skip  (folder asks last)
from sartor.tasks.sources.protocol import SOURCES, Source, SourceKind

__all__ = ["SOURCES", "Source", "SourceKind", "digits", "folder", "hub", "idx", "npz"]
