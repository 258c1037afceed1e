"""A network that first learns what is free."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sartor.search.predictors.folded import Folded
from sartor.search.predictors.protocol import MEMBERS
from sartor.search.protocol import Numbers
from sartor.space import Encoded

if TYPE_CHECKING:
    from sartor.search.predictors.embedding import Embedding, Tuned


@MEMBERS.register(
    "pretrained", "A network that first learns the estimates of many designs.", "FBNetV3"
)
class Pretrained:
    """Learn the estimates of thousands of designs, then from trials what they measured.

    Where nothing is free it is a plain network. Estimates are what it learns first and not what it
    sees, so that it must find them in the options of a design. Where one of them is the prediction
    of another network's metric (`Source`), this is how APQ transfers its predictor.

    Args:
        seed: 0 or more.

    Source:
        Dai et al. 2021, arXiv:2006.02049 (FBNetV3), section 4.1; see `Embedding`. Differs: what is
        learned first is whatever the search has estimates of.
    """

    def __init__(self, seed: int) -> None:
        self.left_out: Numbers = np.empty(0)
        self._seed = seed
        self._embedding: Embedding | None = None
        self._folded = Folded(self._tuned, seed)

    def prepare(self, x: Encoded, free: npt.NDArray[np.bool_]) -> None:
        """Learn what is free; see `Prepared`."""
        from sartor.search.predictors.embedding import Embedding

        self._embedding = Embedding(np.asarray(x, float), free, self._seed)

    def tune(self, x: Numbers, y: Numbers) -> None:
        """Find what is predicted of trials that are left out; see `Member`."""
        self._folded.tune(x, y)
        self.left_out = self._folded.left_out

    def fit(self, x: Numbers, y: Numbers) -> None:
        """Learn all trials; see `Member`."""
        self._folded.fit(x, y)

    def mean(self, x: Encoded) -> Numbers:
        """Return the expected scores; see `Member`."""
        return self._folded.mean(x)

    def _tuned(self) -> "Tuned":
        from sartor.search.predictors.embedding import Tuned

        return Tuned(self._embedding, self._seed)
