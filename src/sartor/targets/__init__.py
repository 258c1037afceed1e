"""What can run a program: devices, runtimes, and the experiment that times them."""

from sartor.targets import boards, here
from sartor.targets.opening import TARGETS
from sartor.targets.opening import open_target as open  # noqa: A004  (sartor.targets.open)
from sartor.targets.runtimes import RUNTIMES, reading
from sartor.targets.target import EXCHANGED, Loaded, Place, Target, id_of
from sartor_agent.experiment import time_in_turn
from sartor_agent.fresh import Inspection, Protocol, TimedFile, inspect_file, time_files
from sartor_agent.program import Capabilities, Program, Runtime, Step
from sartor_agent.timings import Ratio, Timing, ratio

__all__ = [
    "EXCHANGED",
    "RUNTIMES",
    "TARGETS",
    "Capabilities",
    "Inspection",
    "Loaded",
    "Place",
    "Program",
    "Protocol",
    "Ratio",
    "Runtime",
    "Step",
    "Target",
    "TimedFile",
    "Timing",
    "boards",
    "here",
    "id_of",
    "inspect_file",
    "open",
    "ratio",
    "reading",
    "time_files",
    "time_in_turn",
]
