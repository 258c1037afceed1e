"""`sartor measure`: what networks cost on a target."""

from pathlib import Path
from typing import Annotated

import typer

from sartor.cli.options import Certificate, Tokens


def measure(
    networks: Annotated[
        list[str],
        typer.Argument(
            metavar="NETWORK...",
            help="Files (.onnx, .tflite, .pt2), timm:NAME, or module:function that returns an "
            "nn.Module. Several are timed in turn and compared.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            help="cpu, cpu:RUNTIME, http://HOST:PORT (a board that runs sartor-agent), "
            "systolic:64x64, mcu:sram=320KB,flash=1MB or ethos-u:u55-128."
        ),
    ] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads of one call.")] = 1,
    precision: Annotated[
        str | None,
        typer.Option(help="fp32, bf16 or int8. [default: what the files have]"),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INPUT=SIZES",
            help="Shape of an input that a file leaves free: image=1,3,224,224. May be given "
            "several times.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Time for each network in each process, at most.")
    ] = 0.5,
    processes: Annotated[int, typer.Option(help="Fresh processes to time in.")] = 5,
    energy: Annotated[
        bool,
        typer.Option(
            "--energy", help="Measure the energy of a call, or estimate it where nothing tells."
        ),
    ] = False,
    operators: Annotated[
        bool, typer.Option("--operators", help="Show the time of every operator.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page with tables and pictures of where the time goes."),
    ] = None,
    tokens: Tokens = None,
    certificate: Certificate = None,
    seed: Annotated[int, typer.Option(help="Start of all random numbers.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    debug: Annotated[  # noqa: ARG001 - read in app.py, where errors end
        bool, typer.Option("--debug", help="Show where an error comes from.")
    ] = False,
) -> int:
    """Measure latency, memory and size of networks on a target, and compare them.

    Example: sartor measure timm:mobilenetv3_small_100 timm:mobilenetv2_100 --threads 2
    """
    from sartor.cli.measured import show_measured
    from sartor.cli.screen import listening

    with listening(quiet=quiet) as progress:
        import sartor
        from sartor.jobs.measuring.asked import read_shapes

        measured = sartor.measure(
            networks,
            target=target,
            threads=threads,
            precision=precision,
            shapes=read_shapes(shape or ()),
            seconds=seconds,
            processes=processes,
            seed=seed,
            energy=energy,
            operators=operators,
            report=report,
            tokens=tokens,
            certificate=certificate,
            progress=progress,
        )
    return show_measured(measured, report, json=json)
