"""The sections of the page, one per file: each turns a summary into HTML."""

from sartor.report.sections.comparison import comparison
from sartor.report.sections.front import front
from sartor.report.sections.headline import headline
from sartor.report.sections.networks import networks
from sartor.report.sections.origin import origin
from sartor.report.sections.picks import picks
from sartor.report.sections.time import time
from sartor.report.sections.trust import trust

SECTIONS = (headline, front, networks, picks, comparison, trust, time, origin)
"""In the order of the page."""

__all__ = ["comparison", "front", "headline", "networks", "origin", "picks", "time", "trust"]
