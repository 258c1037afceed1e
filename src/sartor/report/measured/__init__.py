"""The parts of the page of a measurement, one per file: each turns plain data into HTML."""

from sartor.report.measured.headline import headline
from sartor.report.measured.network import network

__all__ = ["headline", "network"]
