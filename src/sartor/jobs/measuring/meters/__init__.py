"""What measures networks, one file for each kind of target."""

from sartor.jobs.measuring.meters import boards, ethos_u, here, microcontroller, surveyed, systolic
from sartor.jobs.measuring.meters.protocol import METERS, Meter, open_meter

__all__ = [
    "METERS",
    "Meter",
    "boards",
    "ethos_u",
    "here",
    "microcontroller",
    "open_meter",
    "surveyed",
    "systolic",
]
