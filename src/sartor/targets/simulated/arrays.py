"""Systolic arrays as a user writes them: `systolic:64x64,dataflow=output`."""

import re
from dataclasses import replace

from sartor.errors import OptionError, did_you_mean
from sartor.targets.simulated.systolic import Array
from sartor.targets.texts import read_bytes, read_options, read_positive

NAME = "systolic"
OPTIONS = {
    "dataflow": "output",
    "sram": "192KiB",
    "dram": "16B/cycle",
    "clock": "1GHz",
    "bits": "8",
}
"""Options, each with an example."""
CLOCK_MHZ = {"Hz": 1e-6, "kHz": 1e-3, "MHz": 1.0, "GHz": 1e3}
PADS = 3
"""Scratchpads that share the SRAM: for inputs, weights and outputs."""
EXAMPLE = f"{NAME}:64x64,dataflow=output,sram=192KiB"


def open_array(text: str) -> Array:
    """Read a systolic array as a user writes it.

    What is left out is as in `Array`.

    Args:
        text: `systolic:ROWSxCOLUMNS`, then options after commas: `dataflow`, what stays in the
            processing elements (weight, output or input); `sram`, bytes that are shared evenly
            among the scratchpads for inputs, weights and outputs; `dram`, bytes in a cycle
            ("16B/cycle") or in a second ("12.8GB/s"); `clock` ("1GHz"); `bits` of an input, a
            weight and a finished output (8, 16 or 32).

    Raises:
        OptionError: The text is not understood, or a value is not allowed.
        UnknownNameError: There is no such dataflow.

    Example:
        >>> array = open_array("systolic:64x32,dataflow=output,clock=500MHz")
        >>> array.rows, array.columns, array.dataflow, array.clock_mhz
        (64, 32, 'output', 500.0)
    """
    name, _, rest = text.partition(":")
    size, _, options = rest.partition(",")
    sides = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", size)
    if name.strip() != NAME or sides is None:
        raise OptionError(
            f"{text!r} is no systolic array; write {NAME}:ROWSxCOLUMNS, for example {EXAMPLE}."
            f"{did_you_mean(name, [NAME]) if name != NAME else ''}"
        )
    given = read_options(NAME, options, OPTIONS)
    array = Array(rows=int(sides[1]), columns=int(sides[2]))
    if "dataflow" in given:
        array = replace(array, dataflow=given["dataflow"])
    if "bits" in given:
        array = replace(array, item_bits=_bits(given["bits"]))
    if "sram" in given:
        pad = read_bytes("sram", given["sram"], OPTIONS["sram"]) // PADS
        array = replace(array, input_bytes=pad, weight_bytes=pad, output_bytes=pad)
    if "clock" in given:
        clock = read_positive("clock", given["clock"], CLOCK_MHZ, OPTIONS["clock"])
        array = replace(array, clock_mhz=clock)
    if "dram" in given:
        units = _per_cycle(array.clock_mhz)
        dram = read_positive("dram", given["dram"], units, OPTIONS["dram"])
        array = replace(array, dram_bytes_per_cycle=dram)
    return array


def _per_cycle(clock_mhz: float) -> dict[str, float]:
    """Units of a bandwidth, with their factors to bytes in a cycle."""
    return {
        "B/cycle": 1.0,
        "kB/s": 1e-3 / clock_mhz,
        "MB/s": 1 / clock_mhz,
        "GB/s": 1e3 / clock_mhz,
    }


def _bits(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 2:
        raise OptionError(f"bits is {text!r}; allowed: 8, 16 or 32.")
    return int(text)
