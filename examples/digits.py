"""The main job from Python: networks for scikit-learn's digits, within 100 kB.

python examples/digits.py runs/digits [--steps 200]
"""

import argparse

import sartor


def main() -> None:
    """Fit, and show what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--cache")
    asked = parser.parse_args()
    run = sartor.fit(
        "sklearn:digits",
        limits={"size_bytes": 1e5},
        steps=asked.steps,
        picks=2,
        out=asked.out,
        cache=asked.cache,
    )
    for network in run.front:
        accuracy, latency = network["accuracy"], network["latency_ms"]
        print(f"{100 * accuracy['value']:.1f} % at {latency['value']:.4f} ms: {network['file']}")
    print("report:", run.report)


if __name__ == "__main__":
    main()
