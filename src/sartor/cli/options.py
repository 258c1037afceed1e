"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Tokens = Annotated[
    Path | None,
    typer.Option(help="Tokens of boards. [default: ~/.config/sartor/tokens.json]"),
]
Certificate = Annotated[
    Path | None, typer.Option(help="A PEM file to trust, for boards reached by https.")
]
