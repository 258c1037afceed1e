"""Trees: what jumps."""

from sartor.search.predictors.folded import Folded
from sartor.search.predictors.protocol import MEMBERS

TREES = 60


@MEMBERS.register("trees", "Extremely randomised trees.", "Geurts et al. 2006")
def trees(seed: int) -> Folded:
    """Average trees that split at random.

    Source:
        Geurts, Ernst and Wehenkel 2006, Extremely randomized trees; by scikit-learn.
    """

    def make() -> object:
        from sklearn.ensemble import ExtraTreesRegressor

        return ExtraTreesRegressor(
            TREES, min_samples_leaf=2, max_features=0.5, random_state=seed, n_jobs=1
        )

    return Folded(make, seed)
