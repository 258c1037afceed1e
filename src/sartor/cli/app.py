"""The command `sartor`, and how it ends.

Nothing heavy may be imported here or in the commands: help has to appear at once.
"""

import contextlib
import io
import shlex
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from sartor import __version__
from sartor.cli.commands import COMMANDS
from sartor.errors import SartorError

DONE, PROMISE_BROKEN, ASKED_WRONGLY, INTERRUPTED = 0, 1, 2, 130
"""Exit codes. `PROMISE_BROKEN`: done, but no network keeps the limits."""

# typer is built on click, of which it brings its own copy in newer versions; the base of both
# copies' errors is found through what typer itself exports.
UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,  # rich would take half of the time until help appears
    pretty_exceptions_enable=False,
    help="Neural networks cut to measure: data and a device in, verified networks out.",
    epilog="Example: sartor fit sklearn:digits --minutes 3 --out runs/digits",
)
for name, command in COMMANDS.items():
    app.command(name)(command)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Show the version, or the help where no command is given."""
    if version:
        typer.echo(__version__)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Words after `sartor`; those of the process by default.

    Returns:
        The exit code: 0 done, 1 done but no network keeps the limits, 2 asked wrongly, 130
        interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name of a class may not suit the terminal
    try:
        code = app(given, prog_name="sartor", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except UsageError as error:
        return _refuse(_usage(error), given)
    except (SartorError, OSError) as error:
        return _refuse(str(error), given)
    if code == INTERRUPTED:
        again = shlex.join(["sartor", *given])
        _tell(f"interrupted; what was finished is kept. To go on: {again}")
    return int(code or DONE)


def _usage(error: Any) -> str:  # Any: see UsageError
    context = error.ctx
    path = "sartor" if context is None else context.command_path
    message = error.format_message().strip()
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} See '{path} --help'."


def _refuse(sentence: str, given: Sequence[str]) -> int:
    if "--debug" in given:
        traceback.print_exc()
    _tell(" ".join(sentence.split()))
    return ASKED_WRONGLY


def _tell(sentence: str) -> None:
    typer.echo(f"sartor: {sentence}", err=True)


def _reader_left() -> int:
    """End quietly when nobody reads on, as with `sartor ... | head`."""
    with contextlib.suppress(OSError):
        sys.stdout.close()
    return DONE
