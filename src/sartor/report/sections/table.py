"""Tables that scroll sideways where the screen is narrow."""

from collections.abc import Sequence

from sartor.report.markup import Markup, element, join


def table(
    head: Sequence[str], rows: Sequence[Sequence[str | Markup]], *, caption: str = ""
) -> Markup:
    """Return a table whose first column names the rows."""
    top = element("tr", *(element("th", name, scope="col") for name in head))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell) for cell in row[1:]),
        )
        for row in rows
    ]
    filled = element("table", element("thead", top), element("tbody", *body))
    # Above the table, not in it: there it would scroll away with the columns.
    return join(
        [
            element("p", caption, class_="note") if caption else None,
            element("div", filled, class_="scroll", tabindex=0, role="region", aria_label=caption),
        ]
    )


def facts(pairs: Sequence[tuple[str, str | Markup]]) -> Markup:
    """Return names and what they stand for, as a list."""
    parts = [part for name, value in pairs for part in (element("dt", name), element("dd", value))]
    return element("dl", *parts)
