"""The delivered networks as a table, promised beside verified."""

from sartor.report.markup import Markup, element, join
from sartor.report.naming import called
from sartor.report.provenance import measured, nothing, plain
from sartor.report.reading import Summary
from sartor.report.sections.table import table
from sartor.report.text import fastest_first, slowdown

HEAD = (
    "network", "accuracy", "latency", "file size", "peak memory", "multiply-adds", "parameters",
    "runtime", "files",
)  # fmt: skip
PROMISES = (
    "network", "accuracy promised", "with inherited weights", "with tuned weights",
    "accuracy verified", "latency promised", "latency verified", "promise off by",
    "at the speed of the survey",
)  # fmt: skip


def networks(summary: Summary) -> Markup:
    """Return the section with the delivered networks."""
    picks = fastest_first(summary["picks"])
    if not picks:
        return Markup("")
    return element(
        "section",
        element("h2", "The delivered networks", id="networks"),
        table(HEAD, [row(it, summary) for it in picks], caption="Verified, fastest first."),
        element("h3", "What was promised, and what came of it"),
        table(
            PROMISES,
            [_promise(it, summary) for it in picks],
            caption="Accuracies up to the tuned one are on the validation split, before "
            "quantization where weights are inherited or tuned; verified ones are on the test "
            "split.",
        ),
    )


def row(network: Summary, summary: Summary) -> list[str | Markup]:
    """Return a network's row under `HEAD`."""
    return [
        join([called(network, summary), element("small", network["id"])]),
        measured("accuracy", network["accuracy"]),
        latency(network),
        plain("size_bytes", network["size_bytes"], "verified"),
        plain("peak_bytes", network.get("peak_bytes"), "verified"),
        plain("macs", network.get("macs"), "counted"),
        plain("params", network.get("params"), "counted"),
        join([network["runtime"], element("small", network["precision"])]),
        join([_link("model", network["file"]), _link("card", network.get("card"))], " "),
    ]


def _link(name: str, file: str | None) -> Markup | None:
    return None if file is None else element("a", name, href=file)


def latency(network: Summary) -> Markup:
    """Return the verified latency, marked where it cannot be trusted."""
    shown = measured("latency_ms", network["latency_ms"])
    if network["latency_trustworthy"]:
        return shown
    return join([shown, element("span", "⚠ not trustworthy", class_="doubt")])


def _promise(network: Summary, summary: Summary) -> list[str | Markup]:
    promised = network.get("promised") or {}
    expected = promised.get("latency_ms")
    off: list[str | Markup] = [nothing(), nothing()]
    if expected is not None:
        ratio = network["latency_ms"]["value"] / expected["value"]
        off = [f"{100 * (it - 1):+.1f} %" for it in (ratio, ratio / slowdown(summary))]
    return [
        called(network, summary),
        measured("accuracy", promised.get("accuracy")),
        measured("accuracy", network.get("inherited_accuracy")),
        measured("accuracy", network.get("tuned_accuracy")),
        measured("accuracy", network["accuracy"]),
        measured("latency_ms", expected),
        latency(network),
        *off,
    ]
