"""`summary.json`, read back and checked."""

import json
from pathlib import Path
from typing import Any

from sartor.errors import DamagedFileError

VERSION = 1
NEEDED = ("version", "status", "task", "target", "front", "baselines", "picks", "verdict", "search")


def read_summary(folder: Path) -> dict[str, Any]:
    """Read the summary of a run that has ended.

    Raises:
        DamagedFileError: It is missing, no JSON, or not a summary of this version.
    """
    file = folder / "summary.json"
    try:
        summary: Any = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise DamagedFileError(
            f"{file} cannot be read ({error}); give a run folder whose run has ended."
        ) from error
    if not isinstance(summary, dict) or any(name not in summary for name in NEEDED):
        raise DamagedFileError(f"{file} is no summary of a run.")
    if summary["version"] != VERSION:
        raise DamagedFileError(
            f"{file} has version {summary['version']}; this Sartor reads version {VERSION}."
        )
    return summary
