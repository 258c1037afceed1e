"""What a user ships: the file, a card with its numbers, and a script that runs it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

VERSION = 1
SCRIPT = "predict.py"
LICENCE_NOTES = (
    "The weights were trained on the data named above only; its licence may bind them.",
    "The network and this card were made by Sartor (Apache-2.0), which claims no rights in them.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The numbers of a model and everything that is needed to use it."""

    model: str
    """Name of the file beside the card."""
    runtime: str
    precision: str
    """What is executed: `fp32`, `bf16`, `int8` or `mixed`."""
    float_precision: str
    """Of the operations that are not int8; `predict.py` pins it."""
    threads: int
    labels: tuple[str, ...]
    preprocessing: Mapping[str, Any]
    accuracy: Mapping[str, Any]
    accuracy_per_class: Mapping[str, Any]
    latency_ms: Mapping[str, Any]
    size_bytes: int
    peak_bytes: int
    macs: int | None
    params: int
    design: Mapping[str, Any] | None
    target: Mapping[str, Any]
    """Fingerprint of the device on which the latency was measured."""
    data: Mapping[str, Any]
    """Source and fingerprint of the data."""
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain: dict[str, Any] = {"version": VERSION}
        plain |= {name: getattr(self, name) for name in self.__slots__}
        plain["labels"] = list(self.labels)
        return plain | {"licence": list(LICENCE_NOTES)}


def write_artifact(folder: Path, card: Card) -> None:
    """Write `card.json` and `predict.py` beside a model."""
    part = folder / "card.part"
    part.write_text(json.dumps(card.to_json(), indent=1, ensure_ascii=False, allow_nan=False))
    part.replace(folder / "card.json")
    script = resources.files(__package__).joinpath("predict.txt").read_text()
    (folder / SCRIPT).write_text(script)
