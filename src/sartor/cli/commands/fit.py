"""`sartor fit`: data and a device in, networks that are ready to ship out."""

from pathlib import Path
from typing import Annotated

import typer

from sartor.cli.options import Certificate, Tokens

MINUTES = 30.0


def fit(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders, an .npz, IDX files, or a name such as "
            "sklearn:digits, torchvision:CIFAR10 or hf:owner/name.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="The run folder. A run that was stopped goes on where it was.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            help="Device on which the networks will run: cpu, cpu:RUNTIME, or http://HOST:PORT, "
            "a board that runs sartor-agent; several equal ones with commas between share the work."
        ),
    ] = "cpu",
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What every network keeps: latency=5ms, size=2MB, memory=64MB, accuracy=90%, "
            "macs=10M, params=1M; latency=0.5x is half that of the first --versus. May be given "
            "several times.",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help=f"Time for everything but --versus. [default: {MINUTES:g}]"),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Training steps instead of minutes; the run then repeats by its seed."),
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads that a network may use.")] = 1,
    seed: Annotated[int, typer.Option(help="Start of all random numbers.")] = 0,
    strategy: Annotated[
        str,
        typer.Option(
            help="How designs are chosen: agemoea, boshnas, deepmad, eeea, ensemble, evolution, "
            "gp, local, netadapt, nsga2, nsga3, policy, predictor, random, tinynets or tpe."
        ),
    ] = "predictor",
    family: Annotated[str, typer.Option(help="Where designs come from.")] = "mobile",
    versus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A timm model to compare with, NAME or NAME@PIXELS, trained for as long as the "
            "run. May be given several times.",
        ),
    ] = None,
    picks: Annotated[int, typer.Option(help="Networks to deliver.")] = 4,
    resolution: Annotated[
        int | None,
        typer.Option(help="Pixels to which images are brought. [default: what suits the data]"),
    ] = None,
    tokens: Tokens = None,
    certificate: Certificate = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Where decoded images are kept. [default: ~/.cache/sartor]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print summary.json as the result.")] = False,
    debug: Annotated[  # noqa: ARG001 - read in app.py, where errors end
        bool, typer.Option("--debug", help="Show where an error comes from.")
    ] = False,
) -> int:
    """Search networks for data and a device, and deliver those that keep the limits.

    Example: sartor fit sklearn:digits --minutes 3 --out runs/digits
    """
    from sartor.cli.result import show_result
    from sartor.cli.screen import listening
    from sartor.errors import OptionError
    from sartor.units import divide_limits

    if minutes is not None and steps is not None:
        raise OptionError("--minutes and --steps are both a budget; give one of them.")
    divide_limits(limit)  # nonsense is answered before anything heavy is loaded
    with listening(quiet=quiet) as progress:
        import sartor

        run = sartor.fit(
            data,
            target=target,
            limits=tuple(limit or ()),
            minutes=MINUTES if minutes is None and steps is None else minutes,
            steps=steps,
            out=out,
            threads=threads,
            seed=seed,
            strategy=strategy,
            family=family,
            versus=tuple(versus or ()),
            picks=picks,
            resolution=resolution,
            tokens=tokens,
            certificate=certificate,
            cache=cache,
            progress=progress,
        )
    return show_result(run.summary, run.folder, json=json)
