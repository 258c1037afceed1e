"""Carry over what one network's trials taught to another: from fp32 to int8."""

from collections.abc import Sequence

import numpy as np

from sartor.errors import OptionError, did_you_mean
from sartor.search.predictors.encoder import ESTIMATED
from sartor.search.predictors.predictor import Prediction, Predictor, checked
from sartor.search.predictors.process import Process
from sartor.search.predictors.scales import fitting
from sartor.search.protocol import Numbers
from sartor.space import Design, Encoded, Features, Genes, Space
from sartor.study import Trials
from sartor.units import Direction

MOST = 1000
"""Trials of an earlier study that are learned at most: the time grows with their third power."""
TINY = 1e-12


class Source:
    """A metric of an earlier study, predicted for designs of any space that contains its space.

    Args:
        space: Of the earlier designs.
        designs: Those whose metric is known; of more than a thousand so many are drawn.
        values: What was measured of them, (n,).
        way: What is better.
        seed: Of the draw, 0 or more.

    Raises:
        DataError: There is no design to learn from, or a value is not finite.

    Example:
        >>> from sartor.space import Choice
        >>> space = Space([Choice("width", (8, 16, 24), ordered=True)])
        >>> wider = space + Space([Choice("precision", ("int8", "fp32"))])
        >>> source = Source(space, [space.extreme(0), space.extreme(-1)], np.array([0.7, 0.9]))
        >>> low, high = source([wider.extreme(0), wider.extreme(-1)])
        >>> bool(low < high)
        True
    """

    def __init__(
        self,
        space: Space,
        designs: Sequence[Design],
        values: Numbers,
        way: Direction = "max",
        seed: int = 0,
    ) -> None:
        values = checked(values)
        self.way: Direction = way
        """What is better."""
        self._space = space
        rng = np.random.default_rng(seed)
        learned = np.sort(rng.permutation(len(designs))[:MOST])
        known = values[learned]
        x = space.coding.featured(space.encode([designs[place] for place in learned]))
        self._predictor = Predictor(space.coding.features, way, seed).tune(x, known).fit(x, known)
        self._scale = fitting(known, way)[-1]
        self.unit = float(self._scale.scores(known).std()) or 1.0
        """Standard deviation of the scores that were learned."""

    @classmethod
    def of(cls, trials: Trials, metric: str, seed: int = 0) -> "Source":
        """Learn an objective of a study from all of its trials that gave numbers.

        Raises:
            OptionError: The metric is no objective of the study.
            DataError: No trial gave numbers.
        """
        if metric not in trials.objectives:
            raise OptionError(
                f"{metric} is no objective of the study; known: {', '.join(trials.objectives)}."
                f"{did_you_mean(metric, trials.objectives)}"
            )
        done = [trial for trial in trials.all() if np.isfinite(trial.value(metric))]
        values = np.array([trial.value(metric) for trial in done])
        designs = [trial.design for trial in done]
        return cls(trials.space, designs, values, trials.objectives[metric], seed)

    def __call__(self, designs: Sequence[Design]) -> Numbers:
        """Predict the metric, in its unit, from those options that the earlier study had, (n,).

        Raises:
            OptionError: A design lacks a choice of the earlier study, or has an option that it did
                not have.
        """
        parts = [self._space.part_of(design) for design in designs]
        genes = self._space.encode(parts)
        self._check_whole(parts, genes)
        return self._predictor.expected(self._space.coding.featured(genes))

    def scores(self, designs: Sequence[Design]) -> Numbers:
        """Predict the metric on a scale on which differences compare, (n,)."""
        return self._scale.scores(self(designs))

    def _check_whole(self, parts: Sequence[Design], genes: Genes) -> None:
        wanted = self._space.coding.active(genes).sum(axis=1)
        for part, count in zip(parts, wanted, strict=True):
            if len(part) != count:
                lacking = [it.name for it in self._space.choices if it.name not in part]
                raise OptionError(
                    f"a design is to be predicted from an earlier study, but lacks its choices "
                    f"{', '.join(lacking)}; give designs of a space that contains the earlier one."
                )


class Transferred:
    """Predicts a metric of one network from few of its trials, and what a source says of another.

    The source's prediction f is taken over along a line, and the difference is learned by a
    Gaussian process on the options of the design and f:

        y = offset + slope f + trust g(x, f)

    The slope starts at 1, as if one trial had said so. The trust, 0 to 1, is how much of the
    difference the process found for trials that it did not know: of ten trials it finds little but
    noise, and the line is better alone.

    Args:
        source: Predicts the other metric, such as the accuracy in fp32.
        space: Of the designs, those of the source and what more there is to choose: precisions.

    Source:
        Wang et al. 2020, arXiv:2006.08509 (APQ), section 3.2: the predictor of the full precision
        is where that of the quantized network begins. Differs: APQ goes on with the weights of a
        network; a process has none, and its equivalent is the autoregression of Kennedy and
        O'Hagan 2000, Predicting the output from a complex computer code when fast approximations
        are available. Simplified: how unsure the source is counts only as far as what is left out
        shows it.
    """

    def __init__(self, source: Source, space: Space) -> None:
        self._source, self._space = source, space
        own = space.coding.features
        self._process = Process(
            Features(
                kinds=np.append(own.kinds, ESTIMATED),
                groups=np.append(own.groups, 1 + own.groups.max(initial=-1)),
            )
        )

    def fit(self, designs: Sequence[Design], values: Numbers) -> "Transferred":
        """Learn trials of the network that is meant: one, ten, hundreds.

        Args:
            designs: Of the space.
            values: What was measured of them, (n,).

        Raises:
            DataError: There is no design to learn from, or a value is not finite.
        """
        values = checked(values)
        self._scale = fitting(values, self._source.way)[-1]
        scores, known = self._scale.scores(values), self._source.scores(designs)
        away, believed = known - known.mean(), self._source.unit**2
        self._slope = float((away @ scores + believed) / (away @ away + believed))
        self._offset = float(scores.mean() - self._slope * known.mean())
        left = scores - self._along(known)
        x = np.asarray(self._features(designs, known), float)
        self._process.tune(x, left).fit(x, left)
        found = self._process.left_out
        self._trust = float(np.clip(found @ left / (found @ found + TINY), 0, 1))
        guess = self._along(known) + self._trust * found
        self._scale.judge(scores, guess, self._process.left_out_spread)
        return self

    def predict(self, designs: Sequence[Design]) -> Prediction:
        """Predict the metric of designs of the space."""
        if not designs:
            return Prediction(self._scale, np.empty(0), np.empty(0))
        known = self._source.scores(designs)
        found, spread = self._process.predict(self._features(designs, known))
        return Prediction(self._scale, self._along(known) + self._trust * found, spread)

    def _along(self, known: Numbers) -> Numbers:
        return self._offset + self._slope * known

    def _features(self, designs: Sequence[Design], known: Numbers) -> Encoded:
        own = self._space.coding.featured(self._space.encode(designs))
        return np.hstack([own, known[:, None]], dtype=np.float32)
