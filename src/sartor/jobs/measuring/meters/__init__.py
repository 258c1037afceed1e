"""What measures networks, one file for each kind of target."""

from sartor.jobs.measuring.meters import ethos_u, microcontroller, running, surveyed, systolic
from sartor.jobs.measuring.meters.protocol import METERS, Meter, open_meter

__all__ = [
    "METERS",
    "Meter",
    "ethos_u",
    "microcontroller",
    "open_meter",
    "running",
    "surveyed",
    "systolic",
]
