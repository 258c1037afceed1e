"""Devices that are simulated: what a network would cost on hardware that nobody has at hand."""

from sartor.targets.simulated.advice import Advice, Waste, advise, wasted
from sartor.targets.simulated.arrays import open_array
from sartor.targets.simulated.dataflows import DATAFLOWS, Dataflow
from sartor.targets.simulated.energies import EnergyTable, energy_table
from sartor.targets.simulated.ethos_u import (
    EthosU,
    EthosUEstimate,
    EthosULayer,
    estimate_ethos_u,
    open_ethos_u,
)
from sartor.targets.simulated.group_size import GroupChoice, GroupEnergy, choose_group_size
from sartor.targets.simulated.systolic import Array, Layer, Simulation, simulate

__all__ = [
    "DATAFLOWS",
    "Advice",
    "Array",
    "Dataflow",
    "EnergyTable",
    "EthosU",
    "EthosUEstimate",
    "EthosULayer",
    "GroupChoice",
    "GroupEnergy",
    "Layer",
    "Simulation",
    "Waste",
    "advise",
    "choose_group_size",
    "energy_table",
    "estimate_ethos_u",
    "open_array",
    "open_ethos_u",
    "simulate",
    "wasted",
]
