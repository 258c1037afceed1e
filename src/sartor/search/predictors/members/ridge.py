"""Ridge regression: what adds up over the choices."""

from sartor.search.predictors.folded import Folded
from sartor.search.predictors.protocol import MEMBERS


@MEMBERS.register("ridge", "Ridge regression on options, ranks and counts.", "Hoerl, Kennard 1970")
def ridge(seed: int) -> Folded:
    """Add up what each feature gives; how firmly it is held back is found by cross-validation.

    Source:
        Hoerl and Kennard 1970, Ridge Regression; by scikit-learn.
    """

    def make() -> object:
        import numpy as np
        from sklearn.linear_model import RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13)))

    return Folded(make, seed)
