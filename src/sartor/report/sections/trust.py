"""How far the cheap estimates can be trusted that guided the search."""

from sartor.report.markup import Markup, element
from sartor.report.provenance import NOTHING
from sartor.report.reading import Summary
from sartor.report.sections.table import table
from sartor.report.text import FEWEST_TO_JUDGE

HEAD = (
    "runtime", "precision", "fitted on", "tested on", "median error", "95 % are within",
    "within 10 %", "rank correlation",
)  # fmt: skip


def trust(summary: Summary) -> Markup:
    """Return the section on the proxy, the predictor and the latency model."""
    survey = summary["survey"]
    models = table(
        HEAD,
        [_row(it) for it in survey],
        caption="Errors of the latency models, on networks that they were not fitted on.",
    )
    return element(
        "section",
        element("h2", "How far the estimates can be trusted", id="trust"),
        element("p", *_search(summary["search"])),
        models if survey else None,
    )


def _search(search: Summary) -> list[str]:
    sentences = [
        f"The search ({search['strategy']}) evaluated {search['evaluations']} designs with shared "
        "weights."
    ]
    if search.get("rejected_by_limits") is not None:
        sentences.append(
            f" {search['rejected_by_limits']} more were left out since they miss a limit."
        )
    ranks = search.get("rank_correlation_proxy_verified")
    if ranks is None:
        sentences.append(" Too few networks were verified to say how well the proxy ranks them.")
    else:
        sentences.append(
            f" Rank correlation of proxy and verified accuracy: {ranks:.2f} (1 is perfect; on few "
            f"networks, below about {FEWEST_TO_JUDGE}, it says little)."
        )
    heats = search.get("heats") or []
    if heats:
        sentences.append(_heats(heats, search.get("rank_correlation_proxy_heats")))
    predictor = search.get("predictor_rank_correlation")
    if predictor is not None:
        sentences.append(
            f" Rank correlation of the accuracy predictor, on designs that it was not told of: "
            f"{predictor:.2f}."
        )
    return sentences


def _heats(heats: list[Summary], ranks: float | None) -> str:
    chosen = sum(it["chosen"] for it in heats)
    sentence = f" {len(heats)} designs were tuned for a short time, and {chosen} of them finished"
    if ranks is None:
        return sentence + "."
    return sentence + f"; rank correlation of proxy and short tuning: {ranks:.2f}."


def _row(model: Summary) -> list[str]:
    return [
        model["runtime"],
        model["precision"],
        f"{model['networks_fitted']} networks",
        f"{model['networks_held_out']} networks",
        _percent(model.get("median_error")),
        _percent(model.get("p95_error")),
        _percent(model.get("within_10_percent"), digits=0),
        NOTHING if model.get("rank_correlation") is None else f"{model['rank_correlation']:.3f}",
    ]


def _percent(share: float | None, digits: int = 1) -> str:
    return NOTHING if share is None else f"{100 * share:.{digits}f} %"
