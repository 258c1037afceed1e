"""What was measured, where, and the networks side by side."""

from sartor.report.markup import Markup, element
from sartor.report.measurement import MeasuredNetwork, Measurement
from sartor.report.pictures.kinds import percent
from sartor.report.provenance import legend, measured, nothing, plain
from sartor.report.sections.table import facts, table

HEAD = (
    "network", "latency", "multiply-adds", "FLOPs", "parameters", "file size", "efficiency",
    "runtime",
)  # fmt: skip


def headline(measurement: Measurement) -> Markup:
    """Return the head of the page."""
    networks, target = measurement["networks"], measurement["target"]
    count = "One network" if len(networks) == 1 else f"{len(networks)} networks"
    return element(
        "header",
        element("p", "Sartor measurement", class_="kicker"),
        element("h1", f"{count} on {target.get('name', 'this device')}"),
        table(
            HEAD,
            [_row(it) for it in networks],
            caption="A FLOP is a multiplication or an addition: two for each multiply-add. "
            "Efficiency is the time that the multiply-adds take at the peak of the device, as a "
            "share of the time of all operations.",
        ),
        legend(),
        element(
            "details",
            element("summary", "The device"),
            facts([(name, str(value)) for name, value in target.items()]),
        ),
    )


def _row(network: MeasuredNetwork) -> list[str | Markup]:
    latency, macs, parameters = network["latency_ms"], network["macs"], network["parameters"]
    return [
        element("span", network["name"], class_="wide"),
        nothing() if latency is None else measured("latency_ms", latency),
        nothing() if macs is None else plain("macs", macs, "counted"),
        nothing() if macs is None else plain("macs", 2 * macs, "counted"),
        nothing() if parameters is None else plain("params", parameters, "counted"),
        plain("size_bytes", network["size_bytes"], "verified"),
        _efficiency(network),
        f"{network['runtime']} {network['precision']}",
    ]


def _efficiency(network: MeasuredNetwork) -> str | Markup:
    spent = sum(it["milliseconds"] for it in network["operators"])
    if not spent or network["roofline"] is None:
        return nothing()
    return percent(sum(it["at_peak_ms"] or 0.0 for it in network["operators"]) / spent)
