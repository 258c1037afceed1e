"""What came of a study, in a sentence."""

from sartor.report.study.recorded import Recorded


def outcome(it: Recorded) -> str:
    """Say in a sentence what was found."""
    total, done = len(it.study.trials), len(it.study.done)
    tried = f"{total} design{'s were' if total != 1 else ' was'} evaluated"
    failed = f", of which {total - done} failed" if total > done else ""
    if not done:
        return f"{tried}, and all failed." if total > 1 else "One design was evaluated, and failed."
    if not it.front:
        return f"{tried}{failed}; {_signs(it.study.shortfall)}"
    count, open_ = len(it.front), len(it.study.unsettled)
    doubt = (
        f" Within their 95 % intervals {open_} of them may be beaten by others." if open_ else ""
    )
    return (
        f"{tried}{failed}; {count} {'stand' if count > 1 else 'stands'} on the front: no other one "
        f"is at least as good in every objective and better in one.{doubt}"
    )


def bounds(it: Recorded) -> str:
    """Write the limits: `latency ≤ 5 ms and size ≤ 2 MB`."""
    return " and ".join(_signs(str(limit)) for limit in it.problem.limits)


def _signs(text: str) -> str:
    return text.replace("<=", "≤").replace(">=", "≥")
