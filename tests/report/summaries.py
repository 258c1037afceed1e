"""Summaries to report on."""

import json
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).with_name("summary.json")


def sample() -> dict[str, Any]:
    """Return a run with four picks, one of which was timed badly, and odd names of classes."""
    content: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return content


def without_networks() -> dict[str, Any]:
    """Return a run in which no network keeps the limits."""
    nothing = {"count": 0, "accuracy": None, "at_same_cost_as": None, "verified": None}
    return sample() | {
        "status": "limits_not_kept",
        "picks": [],
        "front": [],
        "baselines": {"random": nothing, "scaled": {"verified": []}, "versus": []},
        "verdict": {
            "beats_random": None,
            "beats_scaled": None,
            "beats_versus": None,
            "sentences": [],
        },
    }
