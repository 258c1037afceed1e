"""The search beside what it has to beat."""

from sartor.report.markup import Markup, element
from sartor.report.naming import called
from sartor.report.provenance import measured
from sartor.report.reading import Summary
from sartor.report.reading import networks as verified
from sartor.report.sections.networks import HEAD, row
from sartor.report.sections.table import table
from sartor.report.text import verdict


def comparison(summary: Summary) -> Markup:
    """Return the section with the baselines and the verdict."""
    others = [it for it in verified(summary) if it["role"] != "pick"]
    sentences = verdict(summary)
    if not others and not sentences:
        return Markup("")
    return element(
        "section",
        element("h2", "Does the search beat what is easy?", id="comparison"),
        element("ul", *(element("li", sentence) for sentence in sentences)),
        _average(summary),
        table(
            HEAD,
            [row(it, summary) for it in others],
            caption="Each in its best runtime and precision, verified and timed in turn with the "
            "delivered networks.",
        )
        if others
        else None,
    )


def _average(summary: Summary) -> Markup | None:
    random = summary["baselines"].get("random", {})
    spread = random.get("accuracy")
    if spread is None:
        return None
    same = random.get("at_same_cost_as")
    pick = next((it for it in summary["picks"] if it["id"] == same), None)
    cost = f" at the cost of {called(pick, summary)}" if pick else ""
    return element(
        "p",
        f"{random['count']} random designs{cost} have on average ",
        measured("accuracy", spread),
        f", with a standard deviation of {100 * spread['spread']:.2f} points.",
    )
