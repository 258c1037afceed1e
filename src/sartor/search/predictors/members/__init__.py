"""Members of the ensemble, one file each."""

from sartor.search.predictors.members import boosted, network, pretrained, ridge, trees

__all__ = ["boosted", "network", "pretrained", "ridge", "trees"]
