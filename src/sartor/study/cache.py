"""Where what outlives a run is kept."""

from pathlib import Path

CACHE = Path.home() / ".cache" / "sartor"
"""Decoded images, surveys of targets and their roofs, unless a user names another folder."""
