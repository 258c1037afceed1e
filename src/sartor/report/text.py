"""The sentences of a report: what was found, why it was chosen, and what to be careful about."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sartor.report.amounts import amount
from sartor.report.naming import called
from sartor.report.reading import Summary, networks
from sartor.units import METRICS, show

RANKS_WELL = 0.5
"""Rank correlation of proxy and verified accuracy below which the proxy is called misleading."""
PREDICTS_WELL = 0.9
"""Share of unseen networks that a latency model should predict within 10 %."""
FEWEST_TO_JUDGE = 5
"""Below this many networks a rank correlation says nothing."""
OTHER_PACE = 1.1
"""A machine that is so many times faster or slower than when it was surveyed is told of."""


def interval(metric: str, measurement: Summary) -> str:
    """Write a value with its unit and, where there is one, its 95 % interval.

    Example:
        >>> interval("latency_ms", {"value": 0.21, "low": 0.205, "high": 0.22})
        '0.21 ms (0.205 to 0.22)'
    """
    text = amount(metric, measurement["value"])
    low, high = measurement.get("low"), measurement.get("high")
    if low is None or high is None:
        return text
    unit = text.split(" ", 1)[1] if " " in text else ""
    ends = [amount(metric, end) for end in (low, high)]
    if all(end.endswith(f" {unit}") for end in ends):
        ends = [end.removesuffix(f" {unit}") for end in ends]
    return f"{text} ({ends[0]} to {ends[1]})"


def written(metric: str, measurement: Summary) -> str:
    """Write a value with its unit and its provenance: `93.12 % verified`."""
    return f"{amount(metric, measurement['value'])} {measurement['provenance']}"


def bound(limit: Summary) -> str:
    """Write a limit: `latency ≤ 5 ms`."""
    return str(limit["text"]).replace("<=", "≤").replace(">=", "≥")


def verdict(summary: Summary) -> list[str]:
    """Say what the picks were compared with, with their names in place of their ids."""
    sentences = []
    for sentence in summary["verdict"]["sentences"]:
        for pick in summary["picks"]:
            name, key = called(pick, summary), pick["id"]
            sentence = sentence.replace(f"Pick {key}", name.capitalize()).replace(key, name)
        sentences.append(sentence)
    return sentences


def outcome(summary: Summary) -> list[str]:
    """Say what was found, in a few sentences, the most important first."""
    picks = summary["picks"]
    asked = [bound(it) for it in summary["limits"]]
    if not picks:
        wish = f"keeps {_listed(asked)}" if asked else "could be delivered"
        return [f"No network {wish}.", *(_rejection(it) for it in summary["rejected"][:3])]
    count = "One network is" if len(picks) == 1 else f"{len(picks)} networks are"
    kept = ", without limits to keep"
    if asked:
        whom = "it keeps" if len(picks) == 1 else "all keep"
        kept = f"; {whom} {_listed(asked)}, verified"
    sentences = [f"{count} ready to ship{kept}."]
    best = max(picks, key=lambda it: it["accuracy"]["value"])
    sentences.append(_extreme("most accurate", best, summary))
    fastest = fastest_first(picks)[0]
    if fastest["id"] != best["id"]:
        sentences.append(_extreme("fastest", fastest, summary))
    return sentences


def fastest_first(networks: Sequence[Summary]) -> list[Summary]:
    """Return networks in the order of their latencies."""
    return sorted(networks, key=lambda it: it["latency_ms"]["value"])


def reasons(pick: Summary, summary: Summary) -> list[str]:
    """Say why a network was chosen, and what it is."""
    picks = fastest_first(summary["picks"])
    place = [it["id"] for it in picks].index(pick["id"])
    sentences = [_place(place, picks)]
    if place > 0:
        sentences.append(_step(picks[place - 1], pick, summary))
    sentences += _margins(pick, summary["limits"])
    if pick["id"] not in {it["id"] for it in summary["front"]}:
        sentences.append(
            "Verification found another network of this run that is at least as good in every "
            "respect; it is delivered since it was promised to be on the front."
        )
    return [*sentences, _nature(pick)]


def warnings(summary: Summary) -> list[str]:
    """Say what a reader should be careful about."""
    doubtful = [called(it, summary) for it in networks(summary) if not it["latency_trustworthy"]]
    found = []
    if doubtful:
        what = "latency" if len(doubtful) == 1 else "latencies"
        found.append(
            f"The {what} of {_listed(doubtful)} {'is' if len(doubtful) == 1 else 'are'} not "
            "trustworthy: the machine was too noisy while networks were timed. Run again when "
            "nothing else works on it."
        )
    found += _pace_warnings(summary)
    found += _survey_warnings(summary["survey"])
    ranks = summary["search"].get("rank_correlation_proxy_verified")
    judged = sum(it["role"] != "versus" for it in networks(summary))
    if ranks is not None and ranks < RANKS_WELL and judged >= FEWEST_TO_JUDGE:
        found.append(
            f"The proxy accuracies ranked the finished networks poorly (rank correlation "
            f"{ranks:.2f}): the search may have been misled. More minutes make the proxy better."
        )
    skipped = summary["task"].get("skipped") or []
    if skipped:
        names = ", ".join(skipped[:3]) + (" and others" if len(skipped) > 3 else "")
        what = "item that could not be read was" if len(skipped) == 1 else "unreadable items were"
        found.append(f"{len(skipped)} {what} left out: {names}.")
    return found


def beaten(verdict: Mapping[str, Any]) -> list[tuple[str, bool | None]]:
    """Return what the picks were compared with, and whether they beat it (None: not compared)."""
    return [
        ("random designs of the same cost", verdict.get("beats_random")),
        ("hand-made scaling", verdict.get("beats_scaled")),
        ("networks to compare with", verdict.get("beats_versus")),
    ]


def slowdown(summary: Summary) -> float:
    """Return how many times as long everything took when verified as when it was surveyed."""
    pace = summary["target"]["pace"]
    return float(pace["verified_ms"] / pace["surveyed_ms"])


def _pace_warnings(summary: Summary) -> list[str]:
    times = slowdown(summary)
    if 1 / OTHER_PACE < times < OTHER_PACE:
        return []
    word = "slower" if times > 1 else "faster"
    return [
        f"The machine was {max(times, 1 / times):.2f} times {word} when the networks were verified "
        "than when it was surveyed, as networks that stay the same tell: promised latencies are "
        "off by as much. Other work on it or a change of its clock does that; verified latencies "
        "are what it took in the end."
    ]


def _survey_warnings(survey: Sequence[Summary]) -> list[str]:
    rough = [
        f"{it['runtime']} {it['precision']} ({100 * it['within_10_percent']:.0f} %)"
        for it in survey
        if it.get("within_10_percent") is not None and it["within_10_percent"] < PREDICTS_WELL
    ]
    if not rough:
        return []
    return [
        f"Predicted latencies are rough for {_listed(rough)}: in brackets, how many unseen "
        "networks were within 10 %. Verified latencies are not affected."
    ]


def _rejection(rejected: Summary) -> str:
    return f"Design {rejected['id']} {str(rejected['reason']).rstrip('.')}."


def _extreme(word: str, network: Summary, summary: Summary) -> str:
    return (
        f"The {word} is {called(network, summary)}: "
        f"{interval('accuracy', network['accuracy'])} of the test images right, "
        f"{interval('latency_ms', network['latency_ms'])} per image, "
        f"{show('size_bytes', network['size_bytes'])}."
    )


def _place(place: int, picks: Sequence[Summary]) -> str:
    if len(picks) == 1:
        return "The only network that is delivered."
    best = max(picks, key=lambda it: it["accuracy"]["value"])
    if place == 0:
        return "The fastest of the delivered networks."
    if picks[place]["id"] == best["id"]:
        return "The most accurate of the delivered networks."
    return "A compromise between its neighbours."


def _step(before: Summary, pick: Summary, summary: Summary) -> str:
    gain = 100 * (pick["accuracy"]["value"] - before["accuracy"]["value"])
    times = pick["latency_ms"]["value"] / before["latency_ms"]["value"]
    text = (
        f"Against {called(before, summary)} it takes {times:.2f} times as long and is "
        f"{abs(gain):.2f} points {'more' if gain >= 0 else 'less'} accurate"
    )
    if _overlap(before["accuracy"], pick["accuracy"]):
        return (
            f"{text}; their 95 % intervals overlap, so that the test split cannot tell them apart."
        )
    return f"{text}."


def _margins(pick: Summary, limits: Sequence[Summary]) -> list[str]:
    parts = []
    for limit in limits:
        value = value_of(pick, limit["metric"])
        if value is None:
            continue
        spare = 1 - value / limit["bound"]
        if limit["direction"] == "min":
            spare = -spare
        parts.append(
            f"{METRICS[limit['metric']].word} {show(limit['metric'], value)} "
            f"({100 * abs(spare):.0f} % {'inside' if spare >= 0 else 'beyond'} the limit)"
        )
    return [f"Limits: {', '.join(parts)}."] if parts else []


def value_of(network: Summary, metric: str) -> float | None:
    """Return a number of a network by the name of its metric, or None."""
    value = network.get(metric)
    return value["value"] if isinstance(value, Mapping) else value


def _nature(pick: Summary) -> str:
    kinds = Counter(
        block["kind"]
        for stage in pick["stages"]
        for block in stage["blocks"]
        if stage["name"] not in ("stem", "head")
    )
    blocks = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"
    return f"Runs in {pick['runtime']} as {pick['precision']}; blocks: {blocks}."


def _overlap(one: Summary, other: Summary) -> bool:
    ends = (one.get("low"), one.get("high"), other.get("low"), other.get("high"))
    if any(end is None for end in ends):
        return False
    return bool(one["low"] <= other["high"] and other["low"] <= one["high"])


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
