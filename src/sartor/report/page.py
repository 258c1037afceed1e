"""The pages for people: each is one file that needs nothing else."""

import html
from importlib import resources
from pathlib import Path
from string import Template

from sartor.report.markup import Markup, join
from sartor.report.measured import headline, network
from sartor.report.measurement import Measurement, check_measurement
from sartor.report.reading import Summary, check_summary
from sartor.report.sections import SECTIONS
from sartor.report.studied import PARTS
from sartor.report.study import Findings


def write_report(summary: Summary, file: str | Path) -> None:
    """Write a summary as a page that any browser opens without a network.

    The file is replaced in one step, so that a reader never sees half of it.

    Args:
        summary: As in `summary.json`.
        file: Where the page goes.

    Raises:
        DamagedFileError: The summary lacks something that a report needs.
    """
    check_summary(summary)
    _write(page(summary), Path(file))


def write_measurement(measurement: Measurement, file: str | Path) -> Path:
    """Write what was measured of networks as a page, each network after the other.

    The file is replaced in one step, so that a reader never sees half of it.

    Args:
        measurement: As `sartor measure --json` prints it; `docs/measure.md` says what is in it.
        file: Where the page goes.

    Returns:
        The file.

    Raises:
        DamagedFileError: The measurement lacks something that the page needs.
    """
    check_measurement(measurement)
    file = Path(file)
    parts = [headline(measurement), *(network(it) for it in measurement["networks"])]
    names = ", ".join(it["name"] for it in measurement["networks"])
    _write(_filled(f"Sartor: what {names} costs", join(parts, "\n")), file)
    return file


def write_study(found: Findings, file: str | Path) -> None:
    """Write what a study tells as a page that any browser opens without a network.

    The file is replaced in one step, so that a reader never sees half of it.

    Args:
        found: What was found in the study.
        file: Where the page goes.
    """
    body = join((part(found) for part in PARTS), "\n")
    _write(_filled(f"Sartor: the study {found.recorded.where}", body), Path(file))


def page(summary: Summary) -> str:
    """Return the page of a summary as HTML."""
    body = join((section(summary) for section in SECTIONS), "\n")
    return _filled(f"Sartor: networks for {summary['task']['name']}", body)


def _filled(title: str, body: Markup) -> str:
    template = resources.files("sartor.report").joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(title=html.escape(title), body=body)


def _write(text: str, file: Path) -> None:
    beside = file.with_name(f".{file.name}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
