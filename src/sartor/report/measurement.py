"""What the page of a measurement reads: plain data, as `sartor measure --json` prints it."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from sartor.report.reading import check_parts


class Measured(TypedDict):
    """A number with its interval."""

    value: float
    low: float | None
    high: float | None
    provenance: str


class Operator(TypedDict):
    """One operation that the runtime executed."""

    name: str
    kind: str
    precision: str
    milliseconds: float
    share: float
    """Of the time of all operations, 0 to 1."""
    macs: int | None
    """Multiply-adds; None where they could not be counted."""
    flops: int | None
    """Two for each multiply-add."""
    bytes: int
    """Read and written."""
    at_peak_ms: float | None
    """Of its multiply-adds at the peak of its precision."""
    attainable_ms: float | None
    """The least that computing and moving allow."""
    efficiency: float | None
    """Multiply-adds as a share of those that the peak allows in the time."""
    bound: str
    """`compute`, `memory` or `unknown`: what it would wait for at the roof."""
    stands_for: list[str]
    """Operations of the file that it computes."""


class PeakData(TypedDict):
    """The most multiply-adds per second in one precision."""

    macs_per_second: float
    kernel: str


class RoofData(TypedDict):
    """The most bytes per second of a cache or of memory."""

    name: str
    bytes_per_second: float
    most_bytes: int | None
    kernel: str


class RooflineData(TypedDict):
    """What the device can reach at best."""

    runtime: str
    threads: int
    peaks: dict[str, PeakData]
    """By precision."""
    roofs: list[RoofData]
    """The fastest first; the last is that of memory."""


class LiveBytes(TypedDict):
    """What is in memory while one operation of the file runs."""

    name: str
    live_bytes: int


class MemoryData(TypedDict):
    """The planned memory of what flows through a network."""

    operations: list[LiveBytes]
    """In the order in which they are run."""
    arena_bytes: int
    """The block that holds everything where it was placed."""


class MeasuredNetwork(TypedDict):
    """One network in one runtime and precision."""

    name: str
    runtime: str
    precision: str
    latency_ms: Measured | None
    macs: int | None
    parameters: int | None
    size_bytes: int
    operators: list[Operator]
    """In the order of execution; empty where the runtime does not tell."""
    roofline: RooflineData | None
    """None where the roofs were not measured."""
    uncounted: NotRequired[list[str]]
    """Kinds of operations whose work is not known."""
    memory: NotRequired[MemoryData | None]


class Measurement(TypedDict):
    """Networks that were measured on one target."""

    target: Mapping[str, str | int]
    """`name` and the fingerprint."""
    networks: list[MeasuredNetwork]


Kinds = Mapping[str, type | tuple[type, ...]]
NUMBER, MAYBE = (int, float), (int, float, type(None))
WHOLE: Kinds = {"target": dict, "networks": list}
NETWORK: Kinds = {
    "name": str, "runtime": str, "precision": str, "latency_ms": (dict, type(None)), "macs": MAYBE,
    "parameters": MAYBE, "size_bytes": int, "operators": list, "roofline": (dict, type(None)),
}  # fmt: skip
OPERATOR: Kinds = {
    "name": str, "kind": str, "precision": str, "milliseconds": NUMBER, "share": NUMBER,
    "macs": MAYBE, "flops": MAYBE, "bytes": int, "at_peak_ms": MAYBE, "attainable_ms": MAYBE,
    "efficiency": MAYBE, "bound": str, "stands_for": list,
}  # fmt: skip
ROOFLINE: Kinds = {"runtime": str, "threads": int, "peaks": dict, "roofs": list}


def check_measurement(plain: Any) -> None:  # Any: what a program hands over
    """Refuse what the page of a measurement cannot be made of.

    Raises:
        DamagedFileError: The message names what is missing or wrong.
    """
    check_parts(plain, WHOLE, "the measurement")
    for place, network in enumerate(plain["networks"]):
        called = f"networks[{place}] of the measurement"
        check_parts(network, NETWORK, called)
        if network["latency_ms"] is not None:
            check_parts(network["latency_ms"], {"value": NUMBER, "provenance": str}, called)
        for number, operator in enumerate(network["operators"]):
            check_parts(operator, OPERATOR, f"{called}, operators[{number}]")
        if network["roofline"] is not None:
            check_parts(network["roofline"], ROOFLINE, f"{called}, roofline")
