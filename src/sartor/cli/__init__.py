"""The command line: it parses, calls a job, draws progress and prints; no logic."""

from sartor.cli.main import main

__all__ = ["main"]
