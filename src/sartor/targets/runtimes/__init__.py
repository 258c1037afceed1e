"""Runtimes by name: those of the agent, and those that need torch. One file each."""

from sartor.targets.runtimes.registry import READS, RUNTIMES, reading

__all__ = ["READS", "RUNTIMES", "reading"]
