"""`sartor survey`: learn how long the kernels of a target take."""

from pathlib import Path
from typing import Annotated

import typer

from sartor.cli.options import Certificate, Tokens


def survey(
    target: Annotated[
        str,
        typer.Option(
            help="cpu:RUNTIME; cpu is cpu:onnxruntime. http://HOST:PORT: a board that runs "
            "sartor-agent, or several equal ones with commas between."
        ),
    ] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads of one call.")] = 1,
    precision: Annotated[
        list[str] | None,
        typer.Option(help="fp32, bf16 or int8; may be given several times. [default: fp32, int8]"),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(help="A family whose designs are timed as well: mobile, or mobile@PIXELS."),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A survey of another target, in the same runtime; may be given several times. "
            "With it a few networks are measured in seconds, and the rest is learnt from the "
            "known targets.",
        ),
    ] = None,
    networks: Annotated[int, typer.Option(help="How many, where --known is given.")] = 10,
    minutes: Annotated[float, typer.Option(help="Time for it.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Decides which networks are timed.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="A file for the survey. [default: in ~/.cache/sartor]")
    ] = None,
    tokens: Tokens = None,
    certificate: Certificate = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Where surveys are kept. [default: ~/.cache/sartor]"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    debug: Annotated[  # noqa: ARG001 - read in app.py, where errors end
        bool, typer.Option("--debug", help="Show where an error comes from.")
    ] = False,
) -> int:
    """Time kernels of a runtime, so that any network can be predicted: measure --target FILE.

    Example: sartor survey --target cpu:onnxruntime --minutes 10 --out here.json
    """
    from sartor.cli.screen import listening
    from sartor.cli.surveyed import show_survey

    with listening(quiet=quiet) as progress:
        import sartor

        surveyed = sartor.survey(
            target,
            threads=threads,
            precisions=tuple(precision) if precision else None,
            space=space,
            known=known or (),
            networks=networks,
            minutes=minutes,
            seed=seed,
            out=out,
            cache=cache,
            tokens=tokens,
            certificate=certificate,
            progress=progress,
        )
    return show_survey(surveyed, json=json)
