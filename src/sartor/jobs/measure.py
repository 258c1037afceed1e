"""`sartor.measure`: what networks cost on a target."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from sartor.deploy.opening import NetworkSource, open_network
from sartor.errors import SartorError
from sartor.jobs.measuring import Asked, Costs, Failed, Measured
from sartor.jobs.measuring.meters import open_meter
from sartor.jobs.progress import Progress, Silent
from sartor.report import write_measurement
from sartor.report.measurement import Measurement
from sartor.study import CACHE


def measure(
    networks: str | Path | Sequence[str | Path],
    *,
    target: str = "cpu",
    threads: int = 1,
    precision: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    seconds: float = 0.5,
    processes: int = 5,
    seed: int = 0,
    energy: bool = False,
    operators: bool = False,
    report: str | Path | None = None,
    tokens: str | Path | None = None,
    certificate: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Measure what networks cost on a target; several are timed in turn and compared.

    Args:
        networks: Files (`.onnx`, `.tflite`, `.pt2`), `timm:NAME`, or `module:function` of a
            function that returns an `nn.Module`: that code is run.
        target: `cpu` or `cpu:RUNTIME`, `http://HOST:PORT` of a board that runs `sartor-agent`,
            `systolic:64x64`, `mcu:sram=320KB,flash=1MB`, `ethos-u:u55-128`.
        threads: Threads of one call.
        precision: `fp32`, `bf16` or `int8`; by default what the files have. What is reported is
            what was executed.
        shapes: Of inputs that a file leaves free, by name.
        seconds: Time for each network in each process, at most.
        processes: Fresh processes over which a network is timed.
        seed: Start of all random numbers.
        energy: Measure the energy of a call where the device tells it, estimate it otherwise.
        operators: Tell the time of every operator that is executed.
        report: Where a page for people is written: tables and pictures of where the time goes.
        tokens: JSON file of the tokens of boards, by host and port; by default
            `~/.config/sartor/tokens.json`.
        certificate: PEM file to trust, for boards that are reached by https.
        cache: Where what is known of devices is kept; by default `~/.cache/sartor`.
        progress: Is told how far it is.

    Returns:
        Costs of every network, those that failed with the reason, and ratios of times.

    Raises:
        OptionError: An option is not understood.
        UnknownNameError: There is no such target or runtime.
        MissingExtraError: The target needs a package that is not installed.
    """
    named = [networks] if isinstance(networks, str | Path) else networks
    asked = Asked(
        networks=tuple(str(it) for it in named),
        target=target,
        threads=threads,
        precision=precision,
        shapes={name: tuple(shape) for name, shape in (shapes or {}).items()},
        seconds=seconds,
        processes=processes,
        seed=seed,
        energy=energy,
        operators=operators or report is not None,
        tokens=None if tokens is None else Path(tokens),
        certificate=None if certificate is None else Path(certificate),
        cache=CACHE if cache is None else Path(cache),
    )
    progress = progress or Silent()
    meter = open_meter(asked)
    try:
        sources, refused = _opened(asked)
        with tempfile.TemporaryDirectory(prefix="sartor-") as folder:
            found, ratios = meter.measure(sources, Path(folder), progress)
        results = [*found, *refused]
        measured = Measured(
            {"name": target, **meter.facts()},
            asked.to_json(),
            [it for it in results if isinstance(it, Costs)],
            [it for it in results if isinstance(it, Failed)],
            ratios,
        )
        if report is not None:
            write_measurement(cast(Measurement, measured.to_json()), report)
        return measured
    finally:
        meter.close()


def _opened(asked: Asked) -> tuple[dict[str, NetworkSource], list[Failed]]:
    """Open what is named; what stands twice gets a number, what cannot be opened a reason."""
    sources: dict[str, NetworkSource] = {}
    refused = []
    seen: Counter[str] = Counter()
    for text in asked.networks:
        seen[text] += 1
        name = text if seen[text] == 1 else f"{text} ({seen[text]})"
        try:
            sources[name] = open_network(text, asked.shapes)
        except SartorError as error:
            refused.append(Failed(name, str(error)))
    return sources, refused
