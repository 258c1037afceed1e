"""The front: accuracy over latency, with intervals, baselines and the limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sartor.report.markup import Markup, element, join
from sartor.report.naming import called
from sartor.report.pictures.axes import Axes
from sartor.report.pictures.labels import Label, cut, place
from sartor.report.pictures.scale import Scale, padded
from sartor.report.reading import Summary, networks
from sartor.report.text import bound, interval
from sartor.units import show

Views = Literal["networks", "everything"]
WIDTH, HEIGHT = 780, 440
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 16, 50
MOST_TRIALS = 500
"""Points of the search that are drawn; more would only make the page heavy."""
LABEL = 28
"""Characters after which a name is cut in the picture."""
FAR = 3.0
"""A limit further than this many times from everything else is pointed at, not drawn."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes: milliseconds from left to right, accuracy as a share upwards."""

    x: Scale
    y: Scale

    def holds(self, latency_ms: float, accuracy: float) -> bool:
        """Tell whether a point is in the picture."""
        return self.x.holds(latency_ms) and self.y.holds(accuracy)


def front(summary: Summary, view: Views) -> Markup:
    """Draw the verified networks and, faint, what the search saw on its way.

    Args:
        summary: With at least one network or trial.
        view: `networks` fits the axes to the verified networks, `everything` to all trials.
    """
    frame = _frame(summary, view)
    shown = networks(summary)
    parts = [
        *_axes(frame).grid(),
        *_limits(frame, summary["limits"]),
        element("g", *_trials(frame, summary["search"]["trials"]), class_="trials"),
        *_staircase(frame, summary["front"]),
        *_average(frame, summary),
        *(_bars(frame, it) for it in shown),
        *(_point(frame, it, summary) for it in reversed(shown)),
        *_names(frame, shown, summary),
    ]
    words = "Accuracy over latency of the verified networks, the search trials and the baselines"
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="front",
        role="img",
        aria_label=words,
    )


def hidden_trials(summary: Summary, view: Views) -> int:
    """Count the trials that lie outside of a view."""
    frame = _frame(summary, view)
    return sum(not frame.holds(*_place(trial)) for trial in summary["search"]["trials"])


def mark(role: str, x: float, y: float, size: float = 6.5) -> Markup:
    """Draw the mark of a role; its shape tells it from others without colour."""
    paths = {
        "random": f"M{x - size:.1f},{y - size:.1f}h{2 * size:.1f}v{2 * size:.1f}h{-2 * size:.1f}z",
        "scaled": f"M{x:.1f},{y - 1.2 * size:.1f}l{1.2 * size:.1f},{2.1 * size:.1f}"
        f"h{-2.4 * size:.1f}z",
        "versus": f"M{x:.1f},{y - 1.35 * size:.1f}l{1.35 * size:.1f},{1.35 * size:.1f}"
        f"l{-1.35 * size:.1f},{1.35 * size:.1f}l{-1.35 * size:.1f},{-1.35 * size:.1f}z",
    }
    if role in paths:
        return element("path", d=paths[role], class_=f"point {role}")
    return element("circle", cx=x, cy=y, r=size, class_=f"point {role}")


def _frame(summary: Summary, view: Views) -> Frame:
    shown = networks(summary)
    xs = [end for it in shown for end in _ends(it["latency_ms"])]
    ys = [end for it in shown for end in _ends(it["accuracy"])]
    if view == "everything" or not shown:
        places = [_place(trial) for trial in summary["search"]["trials"]]
        xs += [x for x, _ in places]
        ys += [y for _, y in places]
    if not xs:
        xs, ys = [1.0], [0.5]
    for limit in summary["limits"]:
        if limit["metric"] == "latency_ms" and min(xs) / FAR < limit["bound"] < FAR * max(xs):
            xs.append(limit["bound"])
    low, high = padded(ys, least=0.02)
    left, right = padded([max(x, 1e-6) for x in xs], log=True, least=1.4)
    return Frame(
        Scale(left, right, LEFT, WIDTH - RIGHT, log=True),
        Scale(max(0.0, low), min(1.0, high), HEIGHT - BOTTOM, TOP),
    )


def _axes(frame: Frame) -> Axes:
    return Axes(
        x=frame.x,
        y=frame.y,
        x_title="latency per image, ms (logarithmic)",
        y_title="accuracy, %",
        y_text=lambda share: f"{100 * share:g}",
    )


def _limits(frame: Frame, limits: Sequence[Summary]) -> Iterator[Markup]:
    for limit in limits:
        if limit["metric"] == "latency_ms" and limit["direction"] == "max":
            yield from _latency_limit(frame, limit)
        if limit["metric"] == "accuracy" and limit["direction"] == "min":
            if not frame.y.holds(limit["bound"]):
                continue
            y = frame.y(limit["bound"])
            yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="limit")
            yield element(
                "text", f"limit {bound(limit)}", x=WIDTH - RIGHT - 6, y=y + 15, text_anchor="end",
                class_="limit",
            )  # fmt: skip


def _latency_limit(frame: Frame, limit: Summary) -> Iterator[Markup]:
    most, right = limit["bound"], WIDTH - RIGHT
    text = f"limit {bound(limit)}"
    if not frame.x.holds(most):
        if most > frame.x.high:
            label = f"{text}: further right →"
            yield element(
                "text", label, x=right - 6, y=HEIGHT - BOTTOM - 8, text_anchor="end",
                class_="limit",
            )  # fmt: skip
        return
    x = frame.x(most)
    yield element(
        "rect", x=x, y=TOP, width=right - x, height=HEIGHT - BOTTOM - TOP, class_="beyond"
    )
    yield element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="limit")
    yield element("text", text, x=x - 6, y=HEIGHT - BOTTOM - 8, text_anchor="end", class_="limit")


def _trials(frame: Frame, trials: Sequence[Summary]) -> Iterator[Markup]:
    inside = [trial for trial in trials if frame.holds(*_place(trial))]
    every = max(1, -(-len(inside) // MOST_TRIALS))
    for trial in inside[::every]:
        latency, accuracy = _place(trial)
        words = (
            f"trial {trial['id']} ({trial['origin']}): "
            f"{show('accuracy', accuracy)} {trial['accuracy']['provenance']}, "
            f"{show('latency_ms', latency)} {trial['latency_ms']['provenance']}, "
            f"{trial['runtime']} {trial['precision']}"
        )
        yield element(
            "circle",
            element("title", words),
            cx=frame.x(latency),
            cy=frame.y(accuracy),
            r=3,
            class_="trial best" if trial["front"] else "trial",
        )


def _staircase(frame: Frame, shown: Sequence[Summary]) -> Iterator[Markup]:
    """Draw the best verified accuracy within every latency."""
    steps: list[tuple[float, float]] = []
    for network in sorted(shown, key=lambda it: it["latency_ms"]["value"]):
        latency, accuracy = _place(network)
        if not steps or accuracy > steps[-1][1]:
            steps.append((latency, accuracy))
    if not steps:
        return
    path = f"M{frame.x(steps[0][0]):.1f},{frame.y(steps[0][1]):.1f}"
    for latency, accuracy in steps[1:]:
        path += f"H{frame.x(latency):.1f}V{frame.y(accuracy):.1f}"
    yield element("path", d=f"{path}H{WIDTH - RIGHT}", class_="staircase")


def _average(frame: Frame, summary: Summary) -> Iterator[Markup]:
    """Draw the proxy accuracies of random designs at the cost of a pick."""
    random = summary["baselines"].get("random", {})
    spread, same = random.get("accuracy"), random.get("at_same_cost_as")
    pick = next((it for it in summary["picks"] if it["id"] == same), None)
    if spread is None or pick is None or not pick.get("promised"):
        return
    latency = pick["promised"]["latency_ms"]["value"]
    if not frame.holds(latency, spread["value"]):
        return
    x = frame.x(latency)
    words = (
        f"{random['count']} random designs of the same cost as {called(pick, summary)}: "
        f"{interval('accuracy', spread)} {spread['provenance']}"
    )
    ends = [min(max(frame.y(spread[end]), TOP), HEIGHT - BOTTOM) for end in ("low", "high")]
    yield element("line", x1=x, x2=x, y1=ends[0], y2=ends[1], class_="spread")
    yield element(
        "circle", element("title", words), cx=x, cy=frame.y(spread["value"]), r=5, class_="average"
    )


def _bars(frame: Frame, network: Summary) -> Markup:
    latency, accuracy = _place(network)
    x, y = frame.x(latency), frame.y(accuracy)
    left, right = (frame.x(end) for end in _ends(network["latency_ms"]))
    low, high = (frame.y(end) for end in _ends(network["accuracy"]))
    path = (
        f"M{left:.1f},{y:.1f}H{right:.1f}M{x:.1f},{low:.1f}V{high:.1f}"
        f"M{x - 4:.1f},{low:.1f}h8M{x - 4:.1f},{high:.1f}h8"
        f"M{left:.1f},{y - 4:.1f}v8M{right:.1f},{y - 4:.1f}v8"
    )
    return element("path", d=path, class_=f"bar {network['role']}")


def _point(frame: Frame, network: Summary, summary: Summary) -> Markup:
    latency, accuracy = _place(network)
    doubt = "" if network["latency_trustworthy"] else "; the latency is not trustworthy"
    words = (
        f"{called(network, summary)}: {interval('accuracy', network['accuracy'])} verified, "
        f"{interval('latency_ms', network['latency_ms'])} verified, "
        f"{show('size_bytes', network['size_bytes'])}, "
        f"{network['runtime']} {network['precision']}{doubt}"
    )
    drawn = mark(network["role"], frame.x(latency), frame.y(accuracy))
    return element("g", element("title", words), drawn, tabindex=0, role="img", aria_label=words)


def _names(frame: Frame, shown: Sequence[Summary], summary: Summary) -> Iterator[Markup]:
    """Write a name beside every point, where it covers neither points nor other names."""
    labels = []
    for network in shown:
        name = called(network, summary).removesuffix(" design").partition(" at ")[0]
        name = cut(name, LABEL)
        doubt = "" if network["latency_trustworthy"] else " ⚠"
        latency, accuracy = _place(network)
        labels.append(Label(frame.x(latency), frame.y(accuracy), name + doubt))
    inside = (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)
    for label, (x, y), network in zip(labels, place(labels, inside), shown, strict=True):
        yield element("text", label.text, x=x, y=y, class_=f"name {network['role']}")


def legend(summary: Summary) -> Markup:
    """Explain the marks that occur."""
    words = {
        "pick": "delivered",
        "random": "random design",
        "scaled": "hand-made design",
        "versus": "to compare with",
    }
    roles = {it["role"] for it in networks(summary)}
    parts = [
        element("span", _sample(mark(role, 9, 9, 5.5)), f" {text}")
        for role, text in words.items()
        if role in roles
    ]
    if summary["search"]["trials"]:
        trial = element("circle", cx=9, cy=9, r=3.5, class_="trial best")
        parts.append(element("span", _sample(trial), " search trial (proxy, predicted)"))
    if summary["baselines"].get("random", {}).get("accuracy"):
        average = element("circle", cx=9, cy=9, r=5, class_="average")
        parts.append(element("span", _sample(average), " average random design (proxy)"))
    return element("p", join(parts), class_="legend")


def _sample(drawn: Markup) -> Markup:
    return element("svg", drawn, viewBox="0 0 18 18", width=18, height=18, aria_hidden="true")


def _place(network: Summary) -> tuple[float, float]:
    return network["latency_ms"]["value"], network["accuracy"]["value"]


def _ends(measurement: Summary) -> tuple[float, float]:
    value = measurement["value"]
    low, high = measurement.get("low"), measurement.get("high")
    return (value if low is None else low, value if high is None else high)
