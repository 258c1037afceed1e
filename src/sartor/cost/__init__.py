"""What a network costs: counted, predicted and planned from files; of designs, see `designs`."""

from sartor.cost.anchors import pace_of
from sartor.cost.energy import Estimate, energy_of, estimate_energy
from sartor.cost.microcontroller import Fit, Microcontroller, fit_on, open_microcontroller
from sartor.cost.prediction import LatencyError, error_of

__all__ = [
    "Estimate",
    "Fit",
    "LatencyError",
    "Microcontroller",
    "energy_of",
    "error_of",
    "estimate_energy",
    "fit_on",
    "open_microcontroller",
    "pace_of",
]
