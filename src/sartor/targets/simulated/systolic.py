"""A systolic array: cycles, utilisation, traffic and energy of a network, without running it."""

import math
from dataclasses import dataclass

from sartor.errors import OptionError
from sartor.graph import Effect, Graph, Operation, Products, fold_rounding
from sartor.targets.simulated.dataflows import DATAFLOWS, Folds
from sartor.targets.simulated.energies import energy_table

SUM_BYTES = 4
"""Of a sum that is not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """What is simulated."""

    rows: int = 16
    """Processing elements, each with one multiply-add in a cycle."""
    columns: int = 16
    dataflow: str = "weight"
    item_bits: int = 8
    """Of an input, a weight and a finished output: 8, 16 or 32."""
    input_bytes: int = 64 * 1024
    """Scratchpad for inputs; half of it is filled while the other half is read. So are the two
    below."""
    weight_bytes: int = 64 * 1024
    output_bytes: int = 64 * 1024
    dram_bytes_per_cycle: float = 16.0
    clock_mhz: float = 1000.0

    def __post_init__(self) -> None:
        pads = ("input_bytes", "weight_bytes", "output_bytes")
        for name in ("rows", "columns", *pads, "dram_bytes_per_cycle", "clock_mhz"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise OptionError(f"{name} of the array is {value}; allowed: above 0.")
        if self.item_bits not in energy_table().mac_pj:
            raise OptionError(f"item_bits is {self.item_bits}; allowed: 8, 16 or 32.")
        DATAFLOWS[self.dataflow]  # a misspelt name is refused here


@dataclass(frozen=True, slots=True)
class Layer:
    """What one operation costs."""

    name: str
    kind: str
    macs: int
    compute_cycles: int
    """With all operands at hand."""
    stall_cycles: int
    """In which the array waits for memory."""
    sram_bytes: int
    """Read from and written to the scratchpads."""
    dram_bytes: int
    energy_mj: float
    """Millijoules, by the table of energies."""

    @property
    def cycles(self) -> int:
        """All of them."""
        return self.compute_cycles + self.stall_cycles

    def utilisation(self, array: Array) -> float:
        """Return the share of multiply-adds that the array could do and does, 0 to 1."""
        return self.macs / (self.cycles * array.rows * array.columns) if self.cycles else 0.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a network costs on an array. Everything is counted or estimated, nothing measured."""

    array: Array
    layers: tuple[Layer, ...]
    unknown: tuple[str, ...]
    """Kinds of operations whose cost is not known, and is in no sum."""

    @property
    def cycles(self) -> int:
        """Of all layers, one after the other."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def latency_ms(self) -> float:
        """Milliseconds at the clock of the array."""
        return self.cycles / self.array.clock_mhz / 1e3

    @property
    def energy_mj(self) -> float:
        """Millijoules."""
        return sum(layer.energy_mj for layer in self.layers)


def simulate(graph: Graph, array: Array) -> Simulation:
    """Return what each operation of a network costs on an array.

    A convolution with groups is as many products as it has groups: a depthwise one fills one column
    of the array. What multiplies no matrices streams through a unit as wide as the array; views
    cost nothing. Rounding nodes of a file in int8 are taken into the operations around them.

    Source:
        Samajdar et al. 2018, SCALE-Sim, arXiv:1811.02883. Differs: analytic, with groups, energy
        and operations between the convolutions. Simplified: the traffic of a layer is spread
        evenly over its folds, of which the next is loaded while one is computed.
    """
    graph = fold_rounding(graph)
    layers = tuple(
        layer_cost(it, graph, array) for it in graph.operations if it.effect is not Effect.UNKNOWN
    )
    return Simulation(array, layers, graph.uncounted)


def compute_cycles(products: Products, array: Array) -> int:
    """Return the cycles of products with all operands at hand.

    Counted as SCALE-Sim does, whose number is that of the last cycle, the first being 0.
    """
    folds = _folds(products, array)
    return products.count * folds.stationary * folds.cycles - 1


def computing_mj(macs: int, array: Array) -> float:
    """Return the millijoules of multiply-adds alone, with nothing moved."""
    return macs * energy_table().mac_pj[array.item_bits] / 1e9


def layer_cost(operation: Operation, graph: Graph, array: Array) -> Layer:
    """Return what one operation costs, whose tensors the graph knows."""
    if operation.effect is Effect.VIEW:
        return Layer(operation.name, operation.kind, 0, 0, 0, 0, 0, 0.0)
    if operation.products is None:
        return _streamed(operation, graph, array)
    return _multiplied(operation, operation.products, graph, array)


def _folds(products: Products, array: Array) -> Folds:
    return DATAFLOWS[array.dataflow](
        products.rows, products.inner, products.columns, array.rows, array.columns
    )


def _multiplied(operation: Operation, products: Products, graph: Graph, array: Array) -> Layer:
    folds, item = _folds(products, array), array.item_bits // 8
    count, outputs = products.count, products.rows * products.columns
    inputs = sum(graph.tensors[name].items for name in operation.reads[:1]) * item
    weights = count * products.inner * products.columns * item
    # From the scratchpads: each pass over the inputs as matrices, in which pixels stand repeatedly.
    streamed = products.rows * products.inner * folds.passes_inputs
    held = products.inner * products.columns * folds.passes_weights
    sums = outputs * (2 * folds.partial - 1) * (SUM_BYTES if folds.partial > 1 else item)
    sram = count * ((streamed + held) * item + sums)
    # From DRAM: what fits into half of its scratchpad is loaded once.
    loaded = inputs * (1 if inputs <= array.input_bytes // 2 else folds.passes_inputs)
    loaded += weights * (1 if weights <= array.weight_bytes // 2 else folds.passes_weights)
    spilled = folds.partial > 1 and folds.open_outputs * SUM_BYTES > array.output_bytes // 2
    stored = count * outputs * item
    if spilled:
        stored += count * outputs * 2 * (folds.partial - 1) * SUM_BYTES
    compute = compute_cycles(products, array)
    stall = _stall(count * folds.stationary, compute, loaded + stored, array)
    return _cost(operation, products.macs, compute, stall, sram, loaded + stored, array)


def _streamed(operation: Operation, graph: Graph, array: Array) -> Layer:
    names = (*operation.reads, *operation.writes)
    items = [graph.tensors[name].items for name in names]
    moved = sum(items) * array.item_bits // 8
    compute = math.ceil(max(items, default=0) / array.columns)
    stall = max(0, math.ceil(moved / array.dram_bytes_per_cycle) - compute)
    return _cost(operation, 0, compute, stall, moved, moved, array)


def _stall(folds: int, compute: int, moved: int, array: Array) -> int:
    """Return the cycles of waiting: for the first fold, and where loading takes longer."""
    each = moved / folds / array.dram_bytes_per_cycle
    return math.ceil(each + max(0.0, each - compute / folds) * (folds - 1))


def _cost(
    operation: Operation, macs: int, compute: int, stall: int, sram: int, dram: int, array: Array
) -> Layer:
    table = energy_table()
    moving = sram * table.sram_pj_per_byte + dram * table.dram_pj_per_byte
    energy = computing_mj(macs, array) + moving / 1e9
    return Layer(operation.name, operation.kind, macs, compute, stall, sram, dram, energy)
