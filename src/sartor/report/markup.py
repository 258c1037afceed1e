"""HTML and SVG as text that is escaped unless it was made here."""

import html
from collections.abc import Iterable

VOID = {"input"}
"""Elements that have no end."""


class Markup(str):
    """Text that is HTML already. Everything else is escaped when it becomes a child."""

    __slots__ = ()


def element(
    name: str, /, *children: str | float | None, **attributes: str | float | None
) -> Markup:
    """Make an element.

    Args:
        name: Of the tag.
        children: Markup goes in as it is, text and numbers are escaped, None is left out.
        attributes: `class_` is written `class`, `stroke_width` is written `stroke-width`. None is
            left out, an empty text becomes an attribute without a value.

    Example:
        >>> element("p", "5 < 6 ", element("b", "yes"), class_="note")
        '<p class="note">5 &lt; 6 <b>yes</b></p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    inside = "".join(_escaped(child) for child in children if child is not None)
    return Markup(f"<{name}{written}>" if name in VOID else f"<{name}{written}>{inside}</{name}>")


def join(parts: Iterable[str | float | None], between: str = "") -> Markup:
    """Join parts, escaping those that are plain text."""
    return Markup(_escaped(between).join(_escaped(part) for part in parts if part is not None))


def _attribute(key: str, value: str | float | None) -> str:
    if value is None:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value == "":
        return f" {name}"
    return f' {name}="{html.escape(_plain(value))}"'


def _escaped(child: str | float) -> str:
    return str(child) if isinstance(child, Markup) else html.escape(_plain(child), quote=False)


def _plain(value: str | float) -> str:
    # A tenth of a pixel is enough for a picture, and keeps the page small.
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
