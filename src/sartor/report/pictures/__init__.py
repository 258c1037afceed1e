"""Pictures as SVG, one kind per file; colours come from the page's style."""

from sartor.report.pictures.bars import bars
from sartor.report.pictures.front import Views, front
from sartor.report.pictures.layers import layers

__all__ = ["Views", "bars", "front", "layers"]
