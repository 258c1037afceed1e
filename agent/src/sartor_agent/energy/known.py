"""Every provider that measures, by its name, in the order in which they are asked."""

from collections.abc import Callable

from sartor_agent.energy.nvml import Nvml
from sartor_agent.energy.provider import Provider
from sartor_agent.energy.rapl import Rapl
from sartor_agent.energy.sensor import Sensor

PROVIDERS: dict[str, Callable[[], Provider]] = {"nvml": Nvml, "rapl": Rapl, "sensor": Sensor}
"""Counters come before samples."""


def chain() -> tuple[Provider, ...]:
    """Return all providers of this device."""
    return tuple(make() for make in PROVIDERS.values())
