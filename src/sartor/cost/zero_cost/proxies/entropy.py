"""Entropy of the last features, by the shapes of a network."""

from sartor.cost.designs.count import expressiveness
from sartor.cost.zero_cost.protocol import ZERO_COST, Counted
from sartor.cost.zero_cost.tracing import traced_layers

ZERO_COST.register(
    "entropy",
    "Entropy of the last features with random weights, by shapes alone.",
    "Shen et al. 2023, arXiv:2303.02165",
)(Counted(expressiveness, lambda network, images: expressiveness(traced_layers(network, images))))
