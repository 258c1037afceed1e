"""Runtimes, one file each. A new runtime is a new file and a line in `known`."""

from sartor_agent.runtimes.known import RUNTIMES

__all__ = ["RUNTIMES"]
