"""The front as a picture: accuracy over latency."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sartor.report.html import tag, text
from sartor.units import show

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 20, 50
ROLES = {
    "pick": "delivered",
    "random": "random design",
    "scaled": "hand-made design",
    "versus": "compared with",
}
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self._map(self.low), self._map(self.high)
        share = (self._map(value) - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def _map(self, value: float) -> float:
        return math.log(value) if self.log else value

    def ticks(self) -> list[float]:
        """Return round numbers within the range."""
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [step * 10.0**power for power in powers for step in STEPS]
        else:
            rough = (self.high - self.low) / 6
            size = 10.0 ** math.floor(math.log10(rough))
            size *= next((step for step in (1, 2, 5, 10) if step * size >= rough), 10)
            first = math.ceil(self.low / size)
            found = [size * it for it in range(first, math.floor(self.high / size) + 1)]
        return [it for it in found if self.low <= it <= self.high]


def front_picture(
    networks: Sequence[Mapping[str, Any]],
    trials: Sequence[Mapping[str, Any]],
    limits: Sequence[Mapping[str, Any]],
) -> str:
    """Draw verified networks with their intervals, trials behind them, and the latency limit.

    Args:
        networks: Entries of `summary.json`.
        trials: Entries of `search.trials`; proxy accuracy over predicted latency.
        limits: Entries of `limits`.
    """
    if not networks:
        return ""
    x, y = _scales(networks, trials)
    parts = [*_axes(x, y), *_limits(limits, x)]
    parts += [_trial(it, x, y) for it in trials if y.low <= it["accuracy"]["value"]]
    parts += _front_line(networks, x, y)
    placed: list[tuple[float, float]] = []
    parts += [_network(it, x, y, placed) for it in networks]
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label="accuracy over latency",
    ) + _legend(networks, bool(trials))


def _scales(
    networks: Sequence[Mapping[str, Any]], trials: Sequence[Mapping[str, Any]]
) -> tuple[Scale, Scale]:
    latency = [it["latency_ms"]["value"] for it in (*networks, *trials)]
    verified = [it["accuracy"]["value"] for it in networks]
    top = max(it["accuracy"]["high"] for it in networks)
    bottom = min(it["accuracy"]["low"] for it in networks)
    shown = [it["accuracy"]["value"] for it in trials]
    if shown:
        # Proxies far below the verified networks would press these into a corner.
        bottom = min(bottom, max(sorted(shown)[len(shown) // 2], min(verified) - 0.2))
    margin = max(0.005, 0.05 * (top - bottom))
    x = Scale(min(latency) / 1.15, max(latency) * 1.15, LEFT, WIDTH - RIGHT, log=True)
    y = Scale(max(0.0, bottom - margin), min(1.0, top + margin), HEIGHT - BOTTOM, TOP)
    return x, y


def _axes(x: Scale, y: Scale) -> list[str]:
    parts = []
    for tick in x.ticks():
        place = round(x(tick), 1)
        parts.append(tag("line", x1=place, x2=place, y1=TOP, y2=HEIGHT - BOTTOM, class_="grid"))
        parts.append(_label(place, HEIGHT - BOTTOM + 18, f"{tick:g}", "middle"))
    for tick in y.ticks():
        place = round(y(tick), 1)
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=place, y2=place, class_="grid"))
        parts.append(_label(LEFT - 8, place + 4, f"{100 * tick:.4g}", "end"))
    parts.append(_label((LEFT + WIDTH) / 2, HEIGHT - 10, "latency in ms (logarithmic)", "middle"))
    turned = f"translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"
    parts.append(tag("text", "accuracy in %", transform=turned, text_anchor="middle"))
    return parts


def _limits(limits: Sequence[Mapping[str, Any]], x: Scale) -> list[str]:
    parts = []
    for limit in limits:
        if limit["metric"] == "latency_ms" and x.low < limit["bound"] < x.high:
            place = round(x(limit["bound"]), 1)
            parts.append(
                tag("line", x1=place, x2=place, y1=TOP, y2=HEIGHT - BOTTOM, class_="limit")
            )
            parts.append(_label(place + 5, TOP + 12, limit["text"], "start"))
    return parts


def _trial(it: Mapping[str, Any], x: Scale, y: Scale) -> str:
    title = (
        f"{it['id']} ({it['origin']}): {show('accuracy', it['accuracy']['value'])} proxy, "
        f"{show('latency_ms', it['latency_ms']['value'])} predicted"
    )
    return tag(
        "circle",
        tag("title", text(title)),
        cx=round(x(it["latency_ms"]["value"]), 1),
        cy=round(y(it["accuracy"]["value"]), 1),
        r=2.5,
        class_="trial",
    )


def _front_line(networks: Sequence[Mapping[str, Any]], x: Scale, y: Scale) -> list[str]:
    """Join the picks that no other pick beats."""
    picks = sorted(
        (it for it in networks if it["role"] == "pick"), key=lambda it: it["latency_ms"]["value"]
    )
    best, points = -1.0, []
    for it in picks:
        if it["accuracy"]["value"] > best:
            best = it["accuracy"]["value"]
            points.append(f"{x(it['latency_ms']['value']):.1f},{y(best):.1f}")
    return [tag("polyline", points=" ".join(points), class_="front")] if len(points) > 1 else []


def _network(it: Mapping[str, Any], x: Scale, y: Scale, placed: list[tuple[float, float]]) -> str:
    accuracy, latency = it["accuracy"], it["latency_ms"]
    cx, cy = round(x(latency["value"]), 1), round(y(accuracy["value"]), 1)
    title = (
        f"{it['name']} ({ROLES[it['role']]}), {it['runtime']} {it['precision']}: "
        f"{show('accuracy', accuracy['value'])}, {show('latency_ms', latency['value'])}, verified"
    )
    bars = tag(
        "line", x1=cx, x2=cx, y1=round(y(accuracy["low"]), 1), y2=round(y(accuracy["high"]), 1)
    ) + tag("line", x1=round(x(latency["low"]), 1), x2=round(x(latency["high"]), 1), y1=cy, y2=cy)
    name = ""
    if it["role"] in ("pick", "versus"):
        lx, ly = _free(cx + 9, cy + 16, placed)
        anchor = "end" if lx > WIDTH - 130 else "start"
        name = _label(lx - 18 if anchor == "end" else lx, ly, it["name"], anchor)
    shape = SHAPES[it["role"]](cx, cy)
    return tag("g", tag("title", text(title)), bars, shape, name, class_=it["role"])


def _free(x: float, y: float, placed: list[tuple[float, float]]) -> tuple[float, float]:
    """Move a label down until it covers no other."""
    while any(abs(x - px) < 120 and abs(y - py) < 13 for px, py in placed):
        y += 13
    placed.append((x, y))
    return x, y


def _label(x: float, y: float, content: str, anchor: str) -> str:
    return tag("text", text(content), x=round(x, 1), y=round(y, 1), text_anchor=anchor)


def _circle(x: float, y: float) -> str:
    return tag("circle", cx=x, cy=y, r=6)


def _square(x: float, y: float) -> str:
    return tag("rect", x=x - 5, y=y - 5, width=10, height=10)


def _triangle(x: float, y: float) -> str:
    return tag("polygon", points=f"{x},{y - 7} {x - 6},{y + 5} {x + 6},{y + 5}")


def _diamond(x: float, y: float) -> str:
    return tag("polygon", points=f"{x},{y - 7} {x - 7},{y} {x},{y + 7} {x + 7},{y}")


SHAPES: Mapping[str, Callable[[float, float], str]] = {
    "pick": _circle,
    "random": _triangle,
    "scaled": _square,
    "versus": _diamond,
}


def _legend(networks: Sequence[Mapping[str, Any]], has_trials: bool) -> str:
    roles = [role for role in ROLES if any(it["role"] == role for it in networks)]
    items = [
        tag("span", tag("svg", SHAPES[role](9, 9), viewBox="0 0 18 18", class_=role), ROLES[role])
        for role in roles
    ]
    if has_trials:
        dot = tag("svg", tag("circle", cx=9, cy=9, r=3), viewBox="0 0 18 18", class_="trial")
        items.append(tag("span", dot, "evaluated in the search (proxy, predicted)"))
    return tag("p", *items, class_="legend")
