"""Microcontrollers: whether networks fit."""

from dataclasses import asdict, replace
from pathlib import Path

from sartor.cost.microcontroller import fit_on, open_microcontroller
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Costs
from sartor.jobs.measuring.counting import Counted
from sartor.jobs.measuring.meters.counted import ByGraph
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.units import show


@METERS.register(
    "mcu",
    "A microcontroller's memories: mcu:sram=320KB,flash=1MB.",
    source="Lin et al. 2020, arXiv:2007.10319",
)
def microcontroller(asked: Asked) -> ByGraph:
    """Plan networks on a microcontroller."""
    chip = open_microcontroller(asked.target)

    def told(file: Path, plain: Costs, counted: Counted) -> Costs:
        fit = fit_on(chip, counted.graph, file)
        notes = [
            f"It needs {show('size_bytes', needed)} of {name}; there are "
            f"{show('size_bytes', needed - over)}."
            for name, needed, over in (
                ("SRAM", fit.sram_bytes, fit.sram_over_bytes),
                ("flash", fit.flash_bytes, fit.flash_over_bytes),
            )
            if over
        ]
        if notes and fit.fits_reordered:
            notes.append("It fits when its operators are stored in the best order.")
        if fit.sram_over_bytes and fit.widest is not None:
            notes.append(f"Most is live while {fit.widest.name} runs.")
        details = {
            "fits": fit.fits,
            "sram_bytes": fit.sram_bytes,
            "flash_bytes": fit.flash_bytes,
            "least_sram_bytes": fit.least_sram_bytes,
            "widest_layer": None if fit.widest is None else fit.widest.name,
        }
        return replace(plain, details=details, notes=(*plain.notes, *notes))

    return ByGraph(asked, {"name": asked.target, **asdict(chip)}, (".tflite", ".onnx"), told)
