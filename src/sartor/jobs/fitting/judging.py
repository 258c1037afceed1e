"""The verdict: whether the search beat what it is compared with."""

from collections.abc import Mapping, Sequence
from typing import Any


def verdict(
    picks: Sequence[Mapping[str, Any]], baselines: Mapping[str, Any], reference: str
) -> dict[str, Any]:
    """Say whether the search beat what it is compared with.

    A network beats another if it is at least as accurate and at least as fast, and clearly better
    (beyond both intervals) in one of the two; a baseline is beaten if any pick beats it.
    """
    sentences: list[str] = []
    random = baselines["random"]["verified"]
    scaled = baselines["scaled"]["verified"]
    results: dict[str, Any] = {
        "beats_random": _judge(picks, [random] if random else [], "a random design", sentences),
        "beats_scaled": _judge(picks, scaled, "the hand-made design", sentences),
        "beats_versus": _judge(picks, baselines["versus"], "", sentences),
    }
    spread = baselines["random"]["accuracy"]
    proxy = next((it for it in picks if it["id"] == reference), None)
    if spread is not None and proxy is not None:
        promised = proxy["promised"]["accuracy"]["value"]
        sentences.append(
            f"Random designs of the same cost as {reference} have a proxy accuracy of "
            f"{100 * spread['value']:.2f} % on average (spread {100 * spread['spread']:.2f} %); "
            f"the pick has {100 * promised:.2f} %."
        )
    return results | {"sentences": sentences}


def _judge(
    picks: Sequence[Mapping[str, Any]],
    others: Sequence[Mapping[str, Any]],
    name: str,
    sentences: list[str],
) -> bool | None:
    if not others or not picks:
        return None
    all_beaten = True
    for other in others:
        called = name or other["name"]
        best = _best_against(picks, other)
        beaten = _beats(best, other)
        all_beaten = all_beaten and beaten
        ratio = other["latency_ms"]["value"] / best["latency_ms"]["value"]
        gain = 100 * (best["accuracy"]["value"] - other["accuracy"]["value"])
        level = f"at {gain:+.2f} points of accuracy" if abs(gain) >= 0.005 else "as accurate"
        verb = "beats" if beaten else "does not clearly beat"
        sentences.append(
            f"Pick {best['id']} {verb} {called}: {ratio:.2f} times its speed, {level}."
        )
    return all_beaten


def _best_against(
    picks: Sequence[Mapping[str, Any]], other: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the pick that beats another network, or else the most accurate that is as fast."""
    winners = [it for it in picks if _beats(it, other)]
    if winners:
        return min(winners, key=lambda it: it["latency_ms"]["value"])
    as_fast = [it for it in picks if it["latency_ms"]["value"] <= other["latency_ms"]["value"]]
    return max(as_fast or picks, key=lambda it: it["accuracy"]["value"])


def _beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    faster = one["latency_ms"]["value"] <= other["latency_ms"]["value"]
    better = one["accuracy"]["value"] >= other["accuracy"]["value"]
    clearly_faster = one["latency_ms"]["high"] < other["latency_ms"]["low"]
    clearly_better = one["accuracy"]["low"] > other["accuracy"]["high"]
    return bool(faster and better and (clearly_faster or clearly_better))
