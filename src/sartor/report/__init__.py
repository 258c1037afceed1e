"""Pictures, pages and sentences on what a run has found, from its summary alone."""

from sartor.report.naming import called, short
from sartor.report.page import write_report
from sartor.report.reading import Summary, check_summary, networks, read_summary
from sartor.report.text import interval, outcome, verdict, warnings, written

__all__ = [
    "Summary",
    "called",
    "check_summary",
    "interval",
    "networks",
    "outcome",
    "read_summary",
    "short",
    "verdict",
    "warnings",
    "write_report",
    "written",
]
