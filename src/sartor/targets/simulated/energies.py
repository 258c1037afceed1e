"""The table of energies: what a multiply-add takes, and a byte from each memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("energy.json")


@dataclass(frozen=True, slots=True)
class EnergyTable:
    """Energies in picojoules, and where they are from."""

    version: int
    source: str
    accuracy: str
    """How near the numbers are to any device at hand."""
    mac_pj: Mapping[int, float]
    """Of a multiply-add, by the bits of what is multiplied."""
    sram_pj_per_byte: float
    dram_pj_per_byte: float


@cache
def energy_table() -> EnergyTable:
    """Return the table that stands beside this file."""
    plain = json.loads(TABLE.read_text())
    by_bits = {int(bits): value for bits, value in plain.pop("mac_pj").items()}
    return EnergyTable(mac_pj=by_bits, **plain)
