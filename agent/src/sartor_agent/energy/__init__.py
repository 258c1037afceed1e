"""How much energy a program takes: providers, one file each, asked one after the other.

A provider that cannot be read says why; energy that nothing measures is unknown, never zero.
"""

from sartor_agent.energy.fresh import energy_answer, measure_energy
from sartor_agent.energy.known import PROVIDERS, chain
from sartor_agent.energy.measuring import Energy, PerCall, Windows, measure, pool
from sartor_agent.energy.nvml import Nvml
from sartor_agent.energy.provider import NotAvailable, Processor, Provider, Reading
from sartor_agent.energy.rapl import Rapl
from sartor_agent.energy.sensor import Sensor

__all__ = [
    "PROVIDERS",
    "Energy",
    "NotAvailable",
    "Nvml",
    "PerCall",
    "Processor",
    "Provider",
    "Rapl",
    "Reading",
    "Sensor",
    "Windows",
    "chain",
    "energy_answer",
    "measure",
    "measure_energy",
    "pool",
]
