"""`sartor VERB`: the commands and what becomes of errors."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from sartor.errors import SartorError

DONE, NOT_KEPT, ASKED_WRONGLY, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    name="sartor",
    help="Neural networks cut to measure: data and a device in, verified networks out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line."""
    debug = "--debug" in sys.argv
    # Threads of torch that wait for one another leave the core to others, who may share the
    # machine; read by the OpenMP library when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        sys.exit(app(standalone_mode=False) or DONE)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        again = " ".join(["sartor", *sys.argv[1:]])
        print(f"stopped; to go on: {again}", file=sys.stderr)  # noqa: T201
        sys.exit(INTERRUPTED)
    except SartorError as error:
        if debug:
            raise
        print(f"sartor: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(ASKED_WRONGLY)
    except Exception as error:
        message = getattr(error, "format_message", None)
        if message is None or debug:
            raise
        print(f"sartor: {message()}", file=sys.stderr)  # noqa: T201
        sys.exit(ASKED_WRONGLY)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from sartor import __version__

        typer.echo(__version__)
        raise typer.Exit(DONE)


@app.command(
    epilog="Example: sartor fit photos/ --limit latency=5ms --minutes 30 --out runs/photos"
)
def fit(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders, an .npz, IDX files, or a name such as sklearn:digits."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The run folder. A run that was stopped goes on.")],
    target: Annotated[str, typer.Option(help="Device on which the networks will run.")] = "cpu",
    limit: Annotated[
        list[str] | None,
        typer.Option(help="What every network keeps: latency=5ms, size=2MB, accuracy=90%."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Time for all but --versus; 30 by default.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps of training instead: such a run repeats by seed.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads that a network may use.")] = 1,
    seed: Annotated[int, typer.Option(help="Start of all random numbers.")] = 0,
    strategy: Annotated[str, typer.Option(help="predictor, nsga2 or random.")] = "predictor",
    family: Annotated[str, typer.Option(help="Where designs come from.")] = "mobile",
    versus: Annotated[
        list[str] | None,
        typer.Option(help="A timm model to compare with, NAME or NAME@RESOLUTION."),
    ] = None,
    picks: Annotated[int, typer.Option(help="Networks to deliver.")] = 4,
    resolution: Annotated[
        int | None, typer.Option(help="Rows and columns of the images; default: what suits them.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="For decoded images and surveys; ~/.cache/sartor.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,  # noqa: ARG001
) -> int:
    """Search networks for data and a device, and deliver those that keep the limits."""
    import sartor
    from sartor.cli.printing import print_result
    from sartor.cli.progress import progress_display

    with progress_display(quiet=quiet or as_json) as progress:
        run = sartor.fit(
            data,
            out=out,
            target=target,
            limits=limit,
            minutes=minutes,
            steps=steps,
            threads=threads,
            seed=seed,
            strategy=strategy,
            family=family,
            versus=versus or (),
            picks=picks,
            resolution=resolution,
            cache=cache,
            progress=progress,
        )
    print_result(run.folder, run.summary, as_json=as_json)
    return DONE if run.summary["status"] == "done" else NOT_KEPT


@app.command(epilog="Example: sartor report runs/photos")
def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error arose.")] = False,  # noqa: ARG001
) -> int:
    """Draw the report of a run anew and print its result."""
    from sartor.cli.printing import print_result
    from sartor.report import read_summary, write_report

    summary = read_summary(run)
    write_report(summary, run / "report.html")
    print_result(run, summary, as_json=as_json)
    return DONE if summary["status"] == "done" else NOT_KEPT
