"""What can run a program: devices, runtimes, and the experiment that times them."""

from sartor.targets.cpu import TARGETS, Target, id_of
from sartor.targets.cpu import open_target as open  # noqa: A004  (sartor.targets.open)
from sartor.targets.cuda import cuda
from sartor.targets.runtimes import RUNTIMES, reading
from sartor_agent.experiment import time_in_turn
from sartor_agent.fresh import Inspection, Protocol, TimedFile, inspect_file, time_files
from sartor_agent.program import Program, Runtime, Step
from sartor_agent.timings import Ratio, Timing, ratio

__all__ = [
    "RUNTIMES",
    "TARGETS",
    "Inspection",
    "Program",
    "Protocol",
    "Ratio",
    "Runtime",
    "Step",
    "Target",
    "TimedFile",
    "Timing",
    "cuda",
    "id_of",
    "inspect_file",
    "open",
    "ratio",
    "reading",
    "time_files",
    "time_in_turn",
]
