"""What a heat tells about the accuracy after the whole tuning.

    python benchmarks/heats.py RUN ...

Reads finished runs of `sartor fit` with five picks or more. The logarithm of the error of each
pick is compared with a parabola over the logarithm of latency: once as its heat ended, once as it
was delivered. Prints how both deviations go together.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sartor.jobs.fitting.candidates import Candidate
from sartor.jobs.fitting.heats import beside_trend
from sartor.report import read_summary

Numbers = npt.NDArray[np.float64]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", type=Path)
    found = [deviations(run) for run in parser.parse_args().runs]
    print("| run | picks | correlation with the validation split | with the test split |")
    print("|---|---|---|---|")
    for place, one in enumerate(found):
        print(row(str(place + 1), one))
    together = np.concatenate(found)
    print(row("all", together))
    heat, _, test = together.T
    print(f"\nstandard deviation of a heat's error: {heat.std():.1%} of it")
    print(f"of its deviation there is left on the test split: {heat @ test / (heat @ heat):.0%}")


def deviations(path: Path) -> Numbers:
    """Return deviations of log errors: heat, validation, test; (picks, 3)."""
    plan = json.loads((path / "finish/plan.json").read_text())["value"]
    heats = {Candidate.from_json(it["candidate"]).id: it["tuned"]["value"] for it in plan["heats"]}
    picks = [it for it in read_summary(path)["picks"] if it["id"] in heats]
    latencies = np.array([it["latency_ms"]["value"] for it in picks])
    errors = [
        [1 - heats[it["id"]], 1 - it["tuned_accuracy"]["value"], 1 - it["accuracy"]["value"]]
        for it in picks
    ]
    return np.transpose([beside_trend(latencies, column) for column in np.array(errors).T])


def row(name: str, one: Numbers) -> str:
    """Return a row of the table."""
    correlations = np.asarray(np.corrcoef(one.T))[0]
    return f"| {name} | {len(one)} | {correlations[1]:.2f} | {correlations[2]:.2f} |"


if __name__ == "__main__":
    main()
