"""Measurements to draw."""

from sartor.report.measurement import MeasuredNetwork, Measurement, Operator, RooflineData

ROOFS: RooflineData = {
    "runtime": "onnxruntime",
    "threads": 2,
    "peaks": {
        "fp32": {"macs_per_second": 50e9, "kernel": "Conv"},
        "int8": {"macs_per_second": 200e9, "kernel": "QLinearConv"},
    },
    "roofs": [
        {"name": "cache, up to 1 MB", "bytes_per_second": 40e9, "most_bytes": 10**6, "kernel": ""},
        {"name": "memory", "bytes_per_second": 10e9, "most_bytes": None, "kernel": "Add"},
    ],
}


def operator(name: str, milliseconds: float, macs: int | None, kind: str = "Conv") -> Operator:
    """An operation that moves 100 kB, of a network that takes 10 ms."""
    at_peak = None if macs is None else macs / 50e6
    return {
        "name": name,
        "kind": kind,
        "precision": "fp32",
        "milliseconds": milliseconds,
        "share": milliseconds / 10,
        "macs": macs,
        "flops": None if macs is None else 2 * macs,
        "bytes": 100_000,
        "at_peak_ms": at_peak,
        "attainable_ms": None if at_peak is None else max(at_peak, 0.0025),
        "efficiency": None if at_peak is None else at_peak / milliseconds,
        "bound": "unknown" if macs is None else "compute" if macs else "memory",
        "stands_for": [f"node_{name}", "relu"] if macs else [],
    }


def network(name: str = "small") -> MeasuredNetwork:
    """Four operations, one of which is not known."""
    return {
        "name": name,
        "runtime": "onnxruntime",
        "precision": "fp32",
        "latency_ms": {"value": 10.0, "low": 9.8, "high": 10.3, "provenance": "verified"},
        "macs": 280_000_000,
        "parameters": 3_504_872,
        "size_bytes": 14_000_000,
        "operators": [
            operator("first", 6.0, 200_000_000),
            operator("add", 1.0, 0, "Add"),
            operator("odd", 1.0, None, "Frobnicate"),
            operator("last", 2.0, 80_000_000),
        ],
        "roofline": ROOFS,
        "uncounted": ["Frobnicate"],
        "memory": {
            "operations": [
                {"name": "node_first", "live_bytes": 1_500_000},
                {"name": "node_last", "live_bytes": 400_000},
            ],
            "arena_bytes": 1_600_000,
        },
    }


def measurement(*networks: MeasuredNetwork) -> Measurement:
    """All of them on one device."""
    return {"target": {"name": "cpu", "cores": 2}, "networks": list(networks)}
