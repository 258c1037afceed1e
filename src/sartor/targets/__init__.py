"""What can run a program: devices, runtimes, and the experiment that times them."""

from sartor.targets.cpu import TARGETS, Target
from sartor.targets.cpu import open_target as open  # noqa: A004  (sartor.targets.open)
from sartor.targets.experiment import Ratio, Timing, ratio, time_in_turn
from sartor.targets.fresh import TimedFile, peak_memory, time_files
from sartor.targets.protocol import RUNTIMES, Program, Runtime

__all__ = [
    "RUNTIMES",
    "TARGETS",
    "Program",
    "Ratio",
    "Runtime",
    "Target",
    "TimedFile",
    "Timing",
    "open",
    "peak_memory",
    "ratio",
    "time_files",
    "time_in_turn",
]
