"""Pictures, pages and sentences on what a run has found or was
measured, from plain data alone."""

from sartor.report.measurement import Measurement
from sartor.report.naming import called, short
from sartor.report.page import write_measurement, write_report, write_study
from sartor.report.reading import Summary, check_summary, networks, read_summary
from sartor.report.study import Findings, find, read_study
from sartor.report.text import interval, outcome, verdict, warnings, written

__all__ = [
    "Findings",
    "Measurement",
    "Summary",
    "called",
    "check_summary",
    "find",
    "interval",
    "networks",
    "outcome",
    "read_study",
    "read_summary",
    "short",
    "verdict",
    "warnings",
    "write_measurement",
    "write_report",
    "write_study",
    "written",
]
