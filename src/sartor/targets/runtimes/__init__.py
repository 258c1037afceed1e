"""Runtimes by name: those of the agent, and those that need torch. One file each."""

from sartor.targets.runtimes.registry import KINDS, RUNTIMES, reading

__all__ = ["KINDS", "RUNTIMES", "reading"]
