"""Pictures as SVG, one kind per file; colours come from the page's style."""

from sartor.report.pictures.bars import bars
from sartor.report.pictures.front import Views, front
from sartor.report.pictures.gap import gap
from sartor.report.pictures.layers import layers
from sartor.report.pictures.memory import memory
from sartor.report.pictures.roofline import roofline
from sartor.report.pictures.waterline import waterline

__all__ = ["Views", "bars", "front", "gap", "layers", "memory", "roofline", "waterline"]
