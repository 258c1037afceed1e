"""Members of the ensemble, one file each."""

from sartor.search.predictors.members import network, ridge, trees

__all__ = ["network", "ridge", "trees"]
