"""What was chosen and why, with a picture of each design."""

from sartor.report.markup import Markup, element, join
from sartor.report.naming import called
from sartor.report.pictures import layers
from sartor.report.pictures.layers import KINDS, kind, widest
from sartor.report.reading import Summary
from sartor.report.sections.table import facts
from sartor.report.text import fastest_first, reasons


def picks(summary: Summary) -> Markup:
    """Return the section with one article per delivered network."""
    chosen = fastest_first(summary["picks"])
    if not chosen:
        return Markup("")
    most = widest(chosen)
    return element(
        "section",
        element("h2", "What was chosen, and why", id="picks"),
        element("p", *_explained(summary)),
        *(_article(pick, summary, most) for pick in chosen),
    )


def _explained(summary: Summary) -> list[str | Markup]:
    present = {
        kind(stage, block)
        for pick in summary["picks"]
        for stage in pick["stages"]
        for block in stage["blocks"]
    }
    keys = [
        element("span", element("i", class_=f"swatch {name}"), name, class_="key")
        for name in KINDS
        if name in present
    ]
    return [
        "Each box is a block, as high as it has output channels (the same scale everywhere); ↓ "
        "halves the map. ",
        join(keys, " "),
    ]


def _article(pick: Summary, summary: Summary, most: int) -> Markup:
    design = pick.get("design") or {}
    options = facts([(name, str(option)) for name, option in design.items()])
    listing = element("details", element("summary", "all choices of this design"), options)
    return element(
        "article",
        element("h3", f"{called(pick, summary)} ", element("small", pick["id"])),
        element("p", join(reasons(pick, summary), " ")),
        element("div", layers(pick["stages"], most), class_="scroll") if pick["stages"] else None,
        listing if design else None,
    )
