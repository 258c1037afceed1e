"""A small neural network."""

from sartor.search.predictors.folded import Folded
from sartor.search.predictors.protocol import MEMBERS

HIDDEN, STEPS, DECAY = 32, 100, 3.0


@MEMBERS.register("network", "A small neural network.", "Dai et al. 2021, FBNetV3")
def network(seed: int) -> Folded:
    """Fit a network of one hidden layer.

    Source:
        Dai et al. 2021, arXiv:2006.02049 (FBNetV3). Differs: one hidden layer, and no
        pretraining (see `Pretrained`); estimates are features instead.
    """

    def make() -> object:
        from sklearn.neural_network import MLPRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        regression = MLPRegressor(
            hidden_layer_sizes=(HIDDEN,),
            solver="lbfgs",
            alpha=DECAY,
            max_iter=STEPS,
            random_state=seed,
        )
        return make_pipeline(StandardScaler(), regression)

    return Folded(make, seed)
