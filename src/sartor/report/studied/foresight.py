"""Where the predictor was wrong."""

from collections.abc import Iterator

from sartor.report.amounts import difference, word
from sartor.report.markup import Markup, element
from sartor.report.pictures.foresight import foresight as draw
from sartor.report.provenance import plain
from sartor.report.sections.table import table
from sartor.report.study import Findings, Foresight
from sartor.report.study.foresight import FEWEST, STEPS, is_measured

HEAD = ("design", "predicted", "measured", "off by", "evaluated as")
MARKS = "ABC"


def foresight(found: Findings) -> Markup:
    """Return the section on predictions of designs that the predictor did not know."""
    it = found.recorded
    if not it.study.done:
        return Markup("")
    return element(
        "section",
        element("h2", "Where the predictor is wrong", id="foresight"),
        *(element("p", sentence) for sentence in _explained(found)),
        *(part for told in found.foresight for part in _objective(told, found)),
    )


def _explained(found: Findings) -> Iterator[str]:
    it, parts = found.recorded, found.foresight
    done = it.study.done
    if parts:
        yield (
            "The study holds no predictions. For this page the default predictor was fitted anew: "
            f"it learned the first {parts[0].learned} designs and predicted the other "
            f"{len(parts[0].trials)} in {STEPS} batches, learning each batch before it predicted "
            "the next; it saw the choices of the designs alone."
        )
    elif len(done) < FEWEST:
        yield (
            f"That takes {FEWEST} designs that were measured, half of them to learn from; there "
            f"{'are' if len(done) > 1 else 'is'} {len(done)}."
        )
    judged = {part.objective for part in parts}
    if len(done) >= FEWEST:
        for name in it.objectives:
            if not is_measured(done, name):
                yield f"{word(name).capitalize()} was counted or predicted, and never measured."
            elif name not in judged:
                yield f"{word(name).capitalize()} is the same in all designs."


def _objective(it: Foresight, found: Findings) -> Iterator[Markup]:
    named = {at: MARKS[place] for place, at in enumerate(it.worst)}
    way = found.recorded.problem.objectives[it.objective]
    yield element("h3", word(it.objective).capitalize())
    yield element(
        "p",
        f"Rank correlation {it.rank_correlation:.2f} (1 is perfect, 0 is chance); mean absolute "
        f"error {difference(it.objective, it.mean_error)}.",
    )
    drawn = draw(it.objective, way, it.predicted.tolist(), it.measured.tolist(), named)
    yield element("div", drawn, class_="scroll")
    rows = [
        [
            f"{mark}: {it.trials[at].design.id}",
            plain(it.objective, float(it.predicted[at]), "predicted"),
            plain(
                it.objective,
                float(it.measured[at]),
                it.trials[at].measurements[it.objective].provenance,
            ),
            difference(it.objective, abs(float(it.predicted[at] - it.measured[at]))),
            f"number {it.trials[at].number + 1}",
        ]
        for at, mark in named.items()
    ]
    yield table(HEAD, rows, caption="The largest errors.")
    yield element("p", _common(it))


def _common(it: Foresight) -> str:
    common = ", ".join(f"{name} = {option}" for name, option in it.in_common.items())
    if common:
        return f"What these have in common, and few others: {common}."
    return "They have nothing in common that chance would not explain."
