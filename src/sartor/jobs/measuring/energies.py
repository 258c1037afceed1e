"""The energy of a call as plain data: measured, estimated, or why it is not known."""

from collections.abc import Mapping
from typing import Any

from sartor.cost import Estimate, estimate_energy
from sartor.graph import Graph, fold_rounding
from sartor_agent.energy import Energy, NotAvailable


def measured_energy(found: Energy) -> Mapping[str, Any]:
    """Return what a provider measured."""
    spans = {
        f"{name}_joules": {"value": it.joules, "low": it.low, "high": it.high}
        for name, it in (("above_idle", found.above_idle), ("gross", found.gross))
    }
    return spans | {
        "provider": found.provider,
        "measured": True,
        "idle_watts": found.idle_watts,
        "covers": list(found.covers),
        "reason": found.reason,
    }


def estimated_energy(missing: NotAvailable, graph: Graph | None) -> Mapping[str, Any]:
    """Return what the model says, and why nothing was measured.

    Args:
        missing: What each provider answered.
        graph: What is computed, where that is known.
    """
    why = {"not_available": [f"{name}: {reason}" for name, reason in missing.reasons]}
    if graph is None:
        return why
    found = estimate_energy(fold_rounding(graph))
    if not isinstance(found, Estimate):
        more = [f"{name}: {reason}" for name, reason in found.reasons]
        return {"not_available": why["not_available"] + more}
    return why | {
        "gross_joules": {"value": found.joules, "low": found.low_joules, "high": found.joules},
        "provider": found.provider,
        "measured": False,
        "reason": str(found),
    }
