"""Zero-cost proxies and counts, one file each. A new one is a new file and a line here."""

from sartor.cost.zero_cost.proxies import (
    effectiveness,
    entropy,
    grad_norm,
    macs,
    multiscale_entropy,
    naswot,
    params,
    snip,
    synflow,
    zen,
)

__all__ = [
    "effectiveness",
    "entropy",
    "grad_norm",
    "macs",
    "multiscale_entropy",
    "naswot",
    "params",
    "snip",
    "synflow",
    "zen",
]
