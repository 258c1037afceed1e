"""From network to program: export, the graph each runtime executes best, verification, the card."""

from sartor.deploy.artifact import Card, write_artifact
from sartor.deploy.export import export
from sartor.deploy.quantize import quantize
from sartor.deploy.verify import Accuracy, measure_accuracy, wilson

__all__ = [
    "Accuracy",
    "Card",
    "export",
    "measure_accuracy",
    "quantize",
    "wilson",
    "write_artifact",
]
