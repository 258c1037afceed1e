"""The command line: commands are parsed, a job is called, its result is printed. No logic."""

from sartor.cli.app import main

__all__ = ["main"]
