"""Devices that are simulated: what a network would cost on hardware that nobody has at hand."""

from sartor.targets.simulated.dataflows import DATAFLOWS, Dataflow
from sartor.targets.simulated.systolic import Array, Layer, Simulation, simulate

__all__ = ["DATAFLOWS", "Array", "Dataflow", "Layer", "Simulation", "simulate"]
