"""What a user asks of a measurement, checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sartor.errors import OptionError
from sartor.study import CACHE

PRECISIONS = ("fp32", "bf16", "fp16", "int8")
SHAPE = re.compile(r"([^=]+)=(\d+(?:[,x]\d+)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request."""

    networks: tuple[str, ...]
    """Files, `timm:NAME` or `module:function`."""
    target: str = "cpu"
    """Where they run."""
    threads: int = 1
    """Threads of one call."""
    precision: str | None = None
    """In which they are to run; by default as they are."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Of inputs that a file leaves free."""
    seconds: float = 0.5
    """Time for each network in each process, at most."""
    processes: int = 5
    """Fresh processes over which a network is timed."""
    seed: int = 0
    """Start of all random numbers."""
    energy: bool = False
    """Tell the energy of a call."""
    operators: bool = False
    """Tell the time of every operator that is executed."""
    tokens: Path | None = None
    """File of the tokens of boards, by host and port; by default that of the user."""
    certificate: Path | None = None
    """To trust, for boards that are reached by https; by default the system's."""
    cache: Path = CACHE
    """Where the roofs of devices are kept."""

    def __post_init__(self) -> None:
        if not self.networks:
            raise OptionError("no network is given; name a file, or for example timm:resnet18.")
        if self.precision is not None and self.precision not in PRECISIONS:
            raise OptionError(f"precision is {self.precision!r}; allowed: {', '.join(PRECISIONS)}.")
        for name, least in (("threads", 1), ("processes", 1), ("seed", 0)):
            value = getattr(self, name)
            if value < least:
                raise OptionError(f"{name} is {value}; allowed: {least} or more.")
        if not 0 < self.seconds <= 3600:
            raise OptionError(f"seconds is {self.seconds:g}; allowed: above 0, up to 3600.")

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        shapes = {name: list(shape) for name, shape in self.shapes.items()}
        return plain | {
            "networks": list(self.networks),
            "shapes": shapes,
            "tokens": None if self.tokens is None else str(self.tokens),
            "certificate": None if self.certificate is None else str(self.certificate),
            "cache": str(self.cache),
        }


def read_shapes(given: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Read texts such as `input=1,3,224,224`.

    Raises:
        OptionError: A text is no shape.

    Example:
        >>> read_shapes(["image=1,3,32,32", "mask=1x7"])
        {'image': (1, 3, 32, 32), 'mask': (1, 7)}
    """
    shapes = {}
    for text in given:
        match = SHAPE.fullmatch(text.strip())
        sizes = tuple(int(it) for it in re.split("[,x]", match[2])) if match else ()
        if match is None or not all(sizes):
            raise OptionError(
                f"shape {text!r} is not understood; write INPUT=SIZES, for example "
                "image=1,3,224,224."
            )
        shapes[match[1].strip()] = sizes
    return shapes
