"""How a user writes a device that is described, not opened: `mcu:sram=320KB,flash=1MB`."""

import math
from collections.abc import Mapping

from sartor.errors import OptionError, did_you_mean
from sartor.units import BYTES, Metric, parse_quantity


def read_options(what: str, text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Read `name=value` pairs with commas between them.

    Args:
        what: What they describe, as a user writes it: "mcu".
        text: Pairs, or nothing.
        known: Names that are allowed, each with an example of a value.

    Raises:
        OptionError: A part is no pair, a name is not known, or is given twice.

    Example:
        >>> read_options("mcu", "sram=320KB,flash=1MB", {"sram": "64KB", "flash": "1MB"})
        {'sram': '320KB', 'flash': '1MB'}
    """
    found: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, equals, value = (it.strip() for it in part.partition("="))
        if not equals or not value:
            example = next(f"{key}={value}" for key, value in known.items())
            raise OptionError(
                f"{part!r} of {what} is not understood; write NAME=VALUE, for example {example}."
            )
        if name not in known:
            raise OptionError(
                f"unknown option {name!r} of {what}; known: {', '.join(known)}."
                f"{did_you_mean(name, known)}"
            )
        if name in found:
            raise OptionError(f"{name} of {what} is given twice; give it once.")
        found[name] = value
    return found


def read_positive(word: str, text: str, units: Mapping[str, float], example: str) -> float:
    """Read a quantity above 0, such as "1GHz".

    Args:
        word: What a user calls it: "clock".
        text: A number and a unit.
        units: Accepted units with their factors to that of the result.
        example: A text that is accepted.

    Raises:
        OptionError: It is no number with such a unit, or not above 0.
    """
    value = parse_quantity(text, Metric(word, word, units, "", "max", example))
    if not 0 < value < math.inf:
        raise OptionError(f"{word} is {text}; allowed: above 0, for example {word}={example}.")
    return value


def read_bytes(word: str, text: str, example: str) -> int:
    """Read a number of bytes above 0, such as "320KB"; KB are 1000 bytes, KiB 1024.

    Raises:
        OptionError: It is no number of bytes, or less than one.
    """
    value = math.floor(read_positive(word, text, BYTES, example))
    if value < 1:
        raise OptionError(f"{word} is {text}; allowed: one byte or more, for example {example}.")
    return value
