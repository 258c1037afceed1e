"""Boosted trees: what is left of an error is learned by the next tree."""

from sartor.search.predictors.folded import Folded
from sartor.search.predictors.protocol import MEMBERS

TREES, DEPTH, RATE = 150, 4, 0.07
ROWS, COLUMNS = 0.7, 0.3
"""Shares of trials and features that a tree and a split see."""


@MEMBERS.register("boosted", "Gradient boosted trees.", "Friedman 2002")
def boosted(seed: int) -> Folded:
    """Add up small trees, each fitted to what those before it leave of a part of the trials.

    Exact splits and not histograms of features: with tens of trials and features of few values
    these save nothing, and predicted worse.

    Source:
        Friedman 2002, Stochastic gradient boosting; by scikit-learn.
    """

    def make() -> object:
        from sklearn.ensemble import GradientBoostingRegressor

        return GradientBoostingRegressor(
            n_estimators=TREES,
            max_depth=DEPTH,
            learning_rate=RATE,
            subsample=ROWS,
            max_features=COLUMNS,
            min_samples_leaf=2,
            random_state=seed,
        )

    return Folded(make, seed)
