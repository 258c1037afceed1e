"""What was asked and what was found, at a glance."""

from collections.abc import Iterator

from sartor.report.markup import Markup, element
from sartor.report.naming import called
from sartor.report.provenance import legend, measured
from sartor.report.reading import Summary
from sartor.report.text import beaten, bound, fastest_first, interval, outcome, warnings
from sartor.units import show

ANSWERS = {True: ("yes", "✓ beats"), False: ("no", "✗ does not clearly beat")}


def headline(summary: Summary) -> Markup:
    """Return the head of the page."""
    task = summary["task"]
    first, *rest = outcome(summary)
    good = summary["status"] == "done"
    return element(
        "header",
        element("p", "Sartor report", class_="kicker"),
        element("h1", f"Networks for {task['name']}"),
        element("p", _asked(summary), class_="asked"),
        element("p", first, class_="result good" if good else "result bad"),
        *(element("p", sentence) for sentence in rest if not good),
        element("div", *_tiles(summary), class_="tiles"),
        *_warnings(summary),
        legend(),
    )


def _asked(summary: Summary) -> str:
    task, target, asked = summary["task"], summary["target"], summary["asked"]
    threads = f"{target['threads']} thread{'s' if target['threads'] > 1 else ''}"
    budget = f"{asked['minutes']:g} minutes" if asked.get("minutes") else f"{asked['steps']} steps"
    limits = " and ".join(bound(it) for it in summary["limits"]) or "no limits"
    return (
        f"Asked: the most accurate and fastest networks for {len(task['classes'])} classes in "
        f"{task['source']}, on {target['name']} with {threads}, {limits}, in {budget}."
    )


def _tiles(summary: Summary) -> Iterator[Markup]:
    picks = summary["picks"]
    if picks:
        best = max(picks, key=lambda it: it["accuracy"]["value"])
        yield _network_tile("most accurate", best, summary)
        fastest = fastest_first(picks)[0]
        if fastest["id"] != best["id"]:
            yield _network_tile("fastest", fastest, summary)
    judged = [(name, answer) for name, answer in beaten(summary["verdict"]) if answer is not None]
    if judged:
        yield element(
            "div",
            element("h2", "compared: the search"),
            *(
                element(
                    "p", element("b", ANSWERS[answer][1]), f" {name}", class_=ANSWERS[answer][0]
                )
                for name, answer in judged
            ),
            class_="tile",
        )


def _network_tile(word: str, network: Summary, summary: Summary) -> Markup:
    latency = f"{interval('latency_ms', network['latency_ms'])} per image"
    doubt = "" if network["latency_trustworthy"] else " ⚠ not trustworthy"
    return element(
        "div",
        element("h2", f"{word}: {called(network, summary)}"),
        element("p", measured("accuracy", network["accuracy"]), class_="big"),
        element("p", latency + doubt),
        element("p", f"{show('size_bytes', network['size_bytes'])}, {network['runtime']} "
                     f"{network['precision']}"),
        class_="tile",
    )  # fmt: skip


def _warnings(summary: Summary) -> Iterator[Markup]:
    found = warnings(summary)
    if found:
        items = (element("li", sentence) for sentence in found)
        yield element(
            "div", element("h2", "⚠ Be careful"), element("ul", *items), class_="warnings"
        )
