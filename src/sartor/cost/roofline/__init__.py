"""What a device can reach at best, and how far from it a network stays."""

from sartor.cost.roofline.gap import Gap, Layer, efficiency_gap
from sartor.cost.roofline.keeping import roofline_of
from sartor.cost.roofline.measuring import Kernels, measure_roofline
from sartor.cost.roofline.roofs import Peak, Roof, Roofline

__all__ = [
    "Gap",
    "Kernels",
    "Layer",
    "Peak",
    "Roof",
    "Roofline",
    "efficiency_gap",
    "measure_roofline",
    "roofline_of",
]
