"""Where the time went."""

from sartor.report.markup import Markup, element
from sartor.report.pictures import bars
from sartor.report.reading import Summary


def time(summary: Summary) -> Markup:
    """Return the section with the seconds of each stage."""
    stages = summary["stages"]
    total = sum(it["seconds"] for it in stages)
    if not total:
        return Markup("")
    rows = [
        (it["name"], it["seconds"], f"{lasting(it['seconds'])}, {it['seconds'] / total:.0%}")
        for it in stages
    ]
    return element(
        "section",
        element("h2", "Where the time went", id="time"),
        element("p", f"{lasting(total)} in all, sessions that were interrupted counted in."),
        element("div", bars(rows, "Seconds of each stage"), class_="scroll"),
    )


def lasting(seconds: float) -> str:
    """Write a duration.

    Example:
        >>> lasting(4.26), lasting(75), lasting(5400)
        ('4.3 s', '1 min 15 s', '1 h 30 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
