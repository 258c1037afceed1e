"""Where the numbers come from: request, data, target, space, versions."""

from sartor.report.markup import Markup, element, join
from sartor.report.reading import Summary
from sartor.report.sections.table import facts, table

CLASSES = 20
"""Names of classes that are listed at once; the rest is folded."""


def origin(summary: Summary) -> Markup:
    """Return the section on what the run was given and with what it worked."""
    return element(
        "section",
        element("h2", "Where the numbers come from", id="origin"),
        element("div", *_cards(summary), class_="cards"),
        _rejected(summary),
    )


def _cards(summary: Summary) -> list[Markup]:
    space, training = summary["space"], summary["training"]
    ended = summary["created"].replace("T", " ").replace("+00:00", " UTC")
    made = [("run ended", ended), *_plain(summary["asked"])]
    searched = [
        ("family", space["family"]),
        ("designs", str(space["designs"])),
        ("choices", str(space["choices"])),
        ("fingerprint", _code(space["fingerprint"])),
        ("training steps", f"{training.get('steps', 0):,}"),
    ]
    cards = [
        _card("What was asked", made),
        _card("Data", _data(summary["task"])),
        _card("Target", _target(summary["target"])),
        _card("Space", searched),
    ]
    if summary.get("versions"):
        cards.append(_card("Versions", _plain(summary["versions"])))
    return cards


def _card(title: str, pairs: list[tuple[str, str]]) -> Markup:
    return element("div", element("h3", title), facts(pairs), class_="card")


def _data(task: Summary) -> list[tuple[str, str]]:
    items = task["items"]
    names = task["classes"]
    listed = join(names[:CLASSES], ", ")
    if len(names) > CLASSES:
        more = element("summary", f"and {len(names) - CLASSES} more")
        rest = element("details", more, join(names[CLASSES:], ", "))
        listed = join([listed, " ", rest])
    pairs: list[tuple[str, str]] = [
        ("source", task["source"]),
        ("classes", join([f"{len(names)}: ", listed])),
        ("images", f"{task['resolution']} pixels square, "
                   f"{'grey' if task['channels'] == 1 else 'colour'}"),
        ("train", f"{items['train']:,} items"),
        ("validation", f"{items['validation']:,} items"),
        ("test", f"{items['test']:,} items, read once, at the end"),
        ("fingerprint", _code(task["fingerprint"])),
    ]  # fmt: skip
    pairs += [("note", note) for note in task.get("notes") or []]
    return pairs


def _target(target: Summary) -> list[tuple[str, str]]:
    return [
        ("name", target["name"]),
        ("id", _code(target["id"])),
        *_plain(target["fingerprint"]),
    ]


def _plain(mapping: Summary) -> list[tuple[str, str]]:
    return [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in mapping.items()
        if value is not None and value != []
    ]


def _code(text: str) -> Markup:
    return element("code", text)


def _rejected(summary: Summary) -> Markup | None:
    rejected = summary["rejected"]
    if not rejected:
        return None
    return join(
        [
            element("h3", "Designs that were not delivered"),
            table(
                ("design", "reason"),
                [(it["id"], it["reason"]) for it in rejected],
                caption="They were promised to keep the limits and missed one when verified.",
            ),
        ]
    )
