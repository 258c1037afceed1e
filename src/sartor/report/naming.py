"""What the networks of a summary are called."""

from sartor.report.reading import Summary

ROLES = {
    "random": "random design",
    "scaled": "hand-made design",
    "versus": "network to compare with",
}


def called(network: Summary, summary: Summary) -> str:
    """Return a name for people: `pick 2`, `random design`, or what the user called it."""
    role = network["role"]
    if role == "pick":
        return f"pick {number(network, summary)}"
    if role == "versus":
        return str(network.get("name") or network["id"])
    return ROLES.get(role, str(role))


def short(network: Summary, summary: Summary) -> str:
    """Return a mark of one or two characters for pictures: 2, R, S, V1."""
    role = network["role"]
    if role == "pick":
        return str(number(network, summary))
    if role == "versus":
        ids = [it["id"] for it in summary["baselines"].get("versus") or []]
        return f"V{ids.index(network['id']) + 1}" if network["id"] in ids else "V"
    return str(role)[:1].upper()


def number(network: Summary, summary: Summary) -> int:
    """Return the place of a pick among all picks, from 1; they stand fastest first."""
    ids = [it["id"] for it in summary["picks"]]
    return ids.index(network["id"]) + 1 if network["id"] in ids else 0
