"""The energy of a call: measured where the device tells it, estimated where that is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

from sartor.errors import OptionError
from sartor.graph import Effect, Graph, Operation, Tensor
from sartor.targets import Protocol, TimedFile
from sartor.targets.simulated import energy_table
from sartor_agent.energy import Energy, NotAvailable, measure_energy

MODEL = "model"
"""Name of the provider that reads nothing."""
LEAVES_OUT = (
    "what operations do beside multiply-adds and moving numbers",
    "instructions, clocks, leakage and idle power",
    "fusion and caches: each operation reads its inputs and writes its outputs in memory",
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The energy of a call by a table of energies. Nothing of it was measured."""

    mac_joules: float
    """Of multiply-adds."""
    traffic_joules: float
    """Of all bytes that are moved, if they come from DRAM."""
    near_joules: float
    """Of the same bytes, if all of them stay in SRAM on the chip."""
    macs: int
    moved_bytes: int
    """Weights and activations, read and written once by each operation."""
    unknown: tuple[str, ...]
    """Kinds of operations whose multiply-adds are not known, and in no sum."""
    source: str
    """The table, its version and how accurate it is."""
    leaves_out: tuple[str, ...] = LEAVES_OUT
    provider: str = MODEL
    measured: bool = False

    @property
    def joules(self) -> float:
        """All of it, with the traffic from DRAM: the upper end of what the model says."""
        return self.mac_joules + self.traffic_joules

    @property
    def low_joules(self) -> float:
        """All of it, with the traffic from SRAM: the lower end."""
        return self.mac_joules + self.near_joules

    def __str__(self) -> str:
        kinds = f" Not known, and in no sum: {', '.join(self.unknown)}." if self.unknown else ""
        return (
            f"estimated, not measured: {self.low_joules:.3g} to {self.joules:.3g} J, by "
            f"{self.source} It leaves out: {'; '.join(self.leaves_out)}.{kinds}"
        )


def energy_of(
    it: TimedFile, graph: Graph, how: Protocol | None = None, *, estimate: bool = False
) -> Energy | Estimate | NotAvailable:
    """Measure the energy of a call, or estimate it where nothing measures and that is asked for.

    Args:
        it: The file.
        graph: What it computes.
        how: Threads, time, processes.
        estimate: Where no provider can be read, give the model's number, which says so.

    Raises:
        MeasurementError: A process crashed or did not end in time, or a provider failed.
    """
    found = measure_energy(it, how)
    if isinstance(found, Energy):
        return found
    modelled: Estimate | NotAvailable = NotAvailable(
        ((MODEL, "it was not asked for; with estimate=True it gives a rough number."),)
    )
    if estimate:
        modelled = estimate_energy(graph)
    if isinstance(modelled, Estimate):
        return modelled
    return NotAvailable(found.reasons + modelled.reasons)


def estimate_energy(graph: Graph, item_bits: int | None = None) -> Estimate | NotAvailable:
    """Estimate the energy of a call from its multiply-adds and the bytes that it moves.

    joules = sum over operations of macs * e_mac(bits) + bytes * e_memory.

    Args:
        graph: What is computed.
        item_bits: Of all numbers, 8, 16 or 32, if a runtime executes another precision than stands
            in the file; by default each tensor's own.

    Returns:
        The estimate; or why there is none: no operation does anything that is known.

    Raises:
        OptionError: `item_bits` is not in the table.

    Source:
        Horowitz 2014, Computing's energy problem, ISSCC, fig. 1.1.9. Simplified: memory is all
        DRAM or all SRAM, and each multiply-add takes the same.
    """
    table = energy_table()
    if item_bits is not None and item_bits not in table.mac_pj:
        known = ", ".join(map(str, table.mac_pj))
        raise OptionError(f"item_bits is {item_bits}; allowed: {known}.")
    macs, moved, picojoules, unknown = 0, 0, 0.0, dict.fromkeys(graph.uncounted)
    for operation in graph.operations:
        moved += sum(_bytes(tensor, item_bits) for tensor in _moved(operation, graph))
        if operation.products is None:
            continue
        each = _mac_pj(item_bits or _bits(operation, graph))
        if each is None:
            unknown[operation.kind] = None
            continue
        macs += operation.products.macs
        picojoules += operation.products.macs * each
    if not moved or all(it.effect in (Effect.VIEW, Effect.UNKNOWN) for it in graph.operations):
        kinds = f": {', '.join(unknown)}" if unknown else ""
        return NotAvailable(((MODEL, f"it knows no operation of the network that works{kinds}."),))
    return Estimate(
        mac_joules=picojoules / 1e12,
        traffic_joules=moved * table.dram_pj_per_byte / 1e12,
        near_joules=moved * table.sram_pj_per_byte / 1e12,
        macs=macs,
        moved_bytes=moved,
        unknown=tuple(unknown),
        source=f"table {table.version} of {table.source} Accuracy: {table.accuracy}.",
    )


def _moved(operation: Operation, graph: Graph) -> Iterator[Tensor]:
    """List what an operation reads and writes: constants too, views nothing."""
    if operation.effect is not Effect.VIEW:
        yield from operation.constants
        for name in (*operation.reads, *operation.writes):
            yield graph.tensors[name]


def _bytes(tensor: Tensor, item_bits: int | None) -> int:
    return tensor.size_bytes if item_bits is None else -(-tensor.items * item_bits // 8)


def _bits(operation: Operation, graph: Graph) -> int:
    """Return the bits of what is multiplied: of what flows in, to which weights are widened."""
    read = [graph.tensors[name] for name in operation.reads] or operation.constants
    return max(tensor.item_bits for tensor in read)


def _mac_pj(bits: int) -> float | None:
    """Return the energy of a multiply-add of the next width that the table has, if any."""
    costs = energy_table().mac_pj
    wide = [width for width in costs if width >= bits]
    return costs[min(wide)] if wide else None
