"""The page of a study or of a run that has ended, made anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sartor.errors import OptionError
from sartor.report import find, read_study, read_summary, write_report, write_study
from sartor.study import is_url
from sartor.units import Limit, read_limits

PAGE, RUN_PAGE, RUN_STUDY = "study.html", "report.html", "study.db"
FILES = (".db", ".sqlite", ".sqlite3")
"""Endings by which the name of a study is told from that of a folder when neither is there."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The pages that were written, and what they show."""

    page: Path
    study_page: Path | None
    """Of a run: the page of its study, where it has one. Of a study: the same as `page`."""
    content: Mapping[str, Any]  # Any: plain data
    """Of a run `summary.json`, of a study what `sartor report --json` prints (docs/search.md)."""


def report(
    study: Path | str,
    *,
    out: Path | str | None = None,
    limits: Mapping[str, float | str] | Iterable[str] | None = None,
    name: str = "sartor",
) -> Reported:
    """Write the page of a study, or the pages of a run that has ended.

    Args:
        study: What was the storage of a search: a file of SQLite or an Optuna URL. Or the folder
            of a run of `fit`, whose report is made anew beside the page of its study.
        out: The page; by default `study.html` beside the study.
        limits: Which designs count, as for `search.run`; by default those of the search.
        name: Of the study in its storage.

    Raises:
        RunFolderError: There is no such study or run, or it holds no trial.
        DamagedFileError: The file is no study.
        OptionError: A URL without `out`, a limit that is not understood, or one of which the
            trials say nothing.

    Example:
        >>> import tempfile
        >>> from sartor import search
        >>> from sartor.space import Choice, Space
        >>> space = Space([Choice("width", (8, 16, 24), ordered=True)])
        >>> measure = lambda d: {"accuracy": d["width"] / 32, "latency_ms": d["width"]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = f"{folder}/study.db"
        ...     _ = search.run(space, measure, strategy="random", storage=file)
        ...     found = report(file)
        ...     found.page.name, len(found.content["front"])
        ('study.html', 3)
    """
    asked = None if limits is None else read_limits(limits, known=False)
    if is_url(study):
        if out is None:
            raise OptionError(
                "a study in a database has no folder; say where the page goes with --out."
            )
        return _study(study, Path(out), asked, name)
    path = Path(study)
    if path.is_file() or (path.suffix in FILES and not path.is_dir()):
        return _study(path, path.with_name(PAGE) if out is None else Path(out), asked, name)
    return _run(path, out, asked, name)


def _study(
    storage: Path | str, page: Path, limits: tuple[Limit, ...] | None, name: str
) -> Reported:
    found = find(read_study(storage, limits=limits, name=name))
    page.parent.mkdir(parents=True, exist_ok=True)
    write_study(found, page)
    return Reported(page, page, found.to_json())


def _run(
    folder: Path, out: Path | str | None, limits: tuple[Limit, ...] | None, name: str
) -> Reported:
    summary = read_summary(folder)
    page = folder / RUN_PAGE
    write_report(summary, page)
    file = folder / RUN_STUDY
    if not file.is_file():
        return Reported(page, None, summary)
    beside = _study(file, file.with_name(PAGE) if out is None else Path(out), limits, name)
    return Reported(page, beside.page, summary)
