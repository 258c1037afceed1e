"""Runtimes, one file each. A new runtime is a new file and an entry in `known`."""

from sartor_agent.runtimes.known import KINDS, RUNTIMES, Kind

__all__ = ["KINDS", "RUNTIMES", "Kind"]
