"""Predictors: they rank designs that they never saw, and know how unsure they are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad
from toy import Toy, spearman

from sartor.search import Predictor, Problem, Scored, rank_correlation
from sartor.search.history import History
from sartor.search.outlook import FREE, Oracle
from sartor.search.predictors import MEMBERS, Encoder, Prepared, Process
from sartor.search.predictors.embedding import Embedding
from sartor.search.predictors.encoder import ESTIMATED
from sartor.search.predictors.scales import Amounts, Distances, Logarithms, Plain, Scale, fitting
from sartor.space import Design, Features

TOY = Toy()
ENCODER = Encoder(TOY.space.coding, ("latency_ms",))
Numbers = npt.NDArray[np.float64]


def encoded(count: int, seed: int) -> tuple[Numbers, Numbers]:
    genes = TOY.space.coding.drawn(count, np.random.default_rng(seed))
    designs = TOY.space.decode(genes)
    accuracies = np.array([TOY.accuracy(design) for design in designs])
    return np.asarray(ENCODER(genes, TOY.estimate(designs)), float), accuracies


def latency() -> tuple[Numbers, Numbers]:
    """A metric of which an estimate tells nearly all, of 3,000 designs."""
    x, accuracies = encoded(3000, 5)
    return x, x[:, -1] + accuracies


TOY_LATENCY = latency()


def fitted(x: Numbers, values: Numbers, members: tuple[str, ...] = ()) -> Predictor:
    return Predictor(ENCODER.features, "max", 0, members).tune(x, values).fit(x, values)


class TestThePredictor:
    def test_it_ranks_designs_it_never_saw_and_says_how_well(self) -> None:
        x, values = encoded(80, 0)
        predictor = fitted(x, values)
        unseen, truth = encoded(200, 1)
        found = rank_correlation(predictor.predict(unseen).expected, truth)
        assert found > 0.98
        assert predictor.rank_correlation == pytest.approx(found, abs=0.03)
        assert predictor.error < 0.3 * values.std()

    def test_the_reported_correlation_of_noise_is_low(self) -> None:
        x, values = encoded(80, 0)
        shuffled = np.random.default_rng(0).permutation(values)
        assert abs(fitted(x, shuffled).rank_correlation) < 0.35

    def test_most_true_values_lie_within_two_deviations(self) -> None:
        prediction = fitted(*encoded(60, 0)).predict(encoded(200, 1)[0])
        truth = encoded(200, 1)[1]
        within = (truth >= prediction.at(-2)) & (truth <= prediction.at(2))
        assert within.mean() > 0.85
        assert (prediction.at(1) >= prediction.expected).all()

    def test_a_few_broken_designs_do_not_spoil_the_ranking_of_the_others(self) -> None:
        x, values = encoded(80, 0)
        values[::8] = 0.1
        unseen, truth = encoded(200, 1)
        assert rank_correlation(fitted(x, values).predict(unseen).expected, truth) > 0.7

    @pytest.mark.parametrize("count", [1, 2, 5, 9, 31])
    def test_few_trials_are_enough_to_say_something(self, count: int) -> None:
        x, values = encoded(count, 0)
        expected = fitted(x, values, tuple(MEMBERS)).predict(x).expected
        assert np.isfinite(expected).all()
        assert expected.shape == (count,)

    def test_it_may_be_tuned_on_fewer_trials_than_it_learns(self) -> None:
        x, values = encoded(80, 0)
        predictor = Predictor(ENCODER.features, "max", 0).tune(x[:40], values[:40]).fit(x, values)
        unseen, truth = encoded(200, 1)
        assert rank_correlation(predictor.predict(unseen).expected, truth) > 0.97

    def test_equal_values_are_predicted_as_they_are(self) -> None:
        x, values = encoded(20, 0)
        expected = fitted(x, np.full_like(values, 0.5)).predict(x).expected
        assert expected == pytest.approx(0.5)

    def test_what_is_expected_is_told_fast_and_with_its_spread_alike(self) -> None:
        predictor = fitted(*encoded(60, 0))
        unseen = encoded(9000, 1)[0]  # more than are predicted at once
        alike = pytest.approx(predictor.predict(unseen).expected, abs=1e-5)
        assert predictor.expected(unseen) == alike
        assert predictor.expected(unseen[:0]).shape == (0,)

    def test_nothing_is_predicted_for_no_designs(self) -> None:
        x, values = encoded(20, 0)
        assert fitted(x, values).predict(x[:0]).expected.shape == (0,)

    def test_nothing_and_nan_are_refused(self) -> None:
        x, values = encoded(4, 0)
        with pytest.raises(ValueError, match="at least one value"):
            fitted(x[:0], values[:0])
        values[1] = np.nan
        with pytest.raises(ValueError, match="not finite"):
            fitted(x, values)


class TestEveryMember:
    """The registry is walked."""

    @pytest.mark.parametrize("name", sorted(MEMBERS))
    def test_it_ranks_what_it_never_saw_and_what_it_left_out(self, name: str) -> None:
        x, values = encoded(80, 0)
        unseen, truth = encoded(200, 1)
        member = MEMBERS[name](0)
        member.tune(x, values)
        member.fit(x, values)
        assert rank_correlation(member.mean(unseen), truth) > 0.8
        assert rank_correlation(member.left_out, values) > 0.8

    @pytest.mark.parametrize("name", sorted(MEMBERS))
    def test_what_is_left_out_is_not_known(self, name: str) -> None:
        x, values = encoded(60, 0)
        noise = np.random.default_rng(1).standard_normal(len(values))
        member = MEMBERS[name](0)
        member.tune(x, noise)
        assert abs(rank_correlation(member.left_out, noise)) < 0.4

    def test_all_have_a_file_of_their_own(self) -> None:
        folder = Path(__file__).parents[2] / "src/sartor/search/predictors/members"
        assert sorted(MEMBERS) == sorted(it.stem for it in folder.glob("[a-z]*.py"))

    def test_the_ensemble_is_no_worse_than_its_process(self) -> None:
        x, values = encoded(80, 0)
        unseen, truth = encoded(300, 1)
        alone, all_together = fitted(x, values), fitted(x, values, tuple(MEMBERS))
        assert sum(all_together.weights.values()) == pytest.approx(1)
        errors = [
            np.abs(it.predict(unseen).expected - truth).mean() for it in (alone, all_together)
        ]
        assert errors[1] < 1.1 * errors[0]


IS_FREE = ENCODER.features.kinds == ESTIMATED


class TestWhatIsFree:
    """Members that are prepared learn estimates first."""

    @pytest.fixture(params=[it for it in MEMBERS if isinstance(MEMBERS[it](0), Prepared)])
    def name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def test_the_walk_finds_some(self) -> None:
        assert any(isinstance(MEMBERS[it](0), Prepared) for it in MEMBERS)

    def test_few_trials_teach_more_to_those_that_know_it(self, name: str) -> None:
        x, values = TOY_LATENCY
        found = []
        for prepared in (True, False):
            ranked = []
            for seed in range(3):
                member = MEMBERS[name](seed)
                assert isinstance(member, Prepared)
                if prepared:
                    member.prepare(x[1000:], IS_FREE)
                hidden = x.copy()
                hidden[:, IS_FREE] = 0  # the plain one must not read what it may not learn
                member.fit(hidden[:12], values[:12])
                ranked.append(rank_correlation(member.mean(hidden[500:1000]), values[500:1000]))
            found.append(np.mean(ranked))
        assert found[0] > found[1] + 0.1

    def test_it_is_drawn_once_and_only_where_members_join(self, name: str) -> None:
        x, values = encoded(80, 0)
        drawn = []

        def free() -> Numbers:
            drawn.append(len(x))
            return x

        def predictor(*members: str) -> Predictor:
            return Predictor(ENCODER.features, "max", 0, members, free)

        predictor().tune(x, values)
        predictor(name).tune(x[:20], values[:20])
        predictor("ridge").tune(x, values)
        assert not drawn
        twice = predictor(name).tune(x[:40], values[:40]).tune(x, values)
        assert len(drawn) == 1
        # What was tuned before leaves nothing behind.
        once = predictor(name).tune(x, values)
        assert twice.weights == once.weights
        unseen = encoded(50, 1)[0]
        found, alike = twice.fit(x, values), once.fit(x, values)
        assert (found.expected(unseen) == alike.expected(unseen)).all()

    def test_an_oracle_gives_what_the_estimate_knows_of_designs_of_all_sizes(self) -> None:
        asked: list[int] = []

        def estimate(designs: Sequence[Design]) -> Mapping[str, Numbers]:
            asked.append(len(designs))
            return TOY.estimate(designs)

        for members, problem in (
            (tuple(MEMBERS), Problem(TOY.space, estimate=estimate)),
            ((), Problem(TOY.space, estimate=estimate)),
            (tuple(MEMBERS), Problem(TOY.space)),
        ):
            asked.clear()
            history = History(problem, 0)
            designs = TOY.space.decode(TOY.space.coding.drawn(40, np.random.default_rng(0)))
            history.tell([Scored(it, TOY.evaluate(it), 0) for it in designs])
            Oracle(history, members).learn()
            assert (FREE in asked) == bool(members and problem.estimate)


class TestTheEmbedding:
    def test_what_is_free_can_be_read_from_it_of_designs_it_never_saw(self) -> None:
        x, _ = TOY_LATENCY
        embedding = Embedding(x[1000:], IS_FREE, 0)
        with torch.no_grad():
            seen = embedding.body(embedding.scaled(x[:1000, embedding.seen])).numpy()
        line = np.hstack([seen, np.ones((1000, 1))])
        found = line[500:] @ np.linalg.lstsq(line[:500], x[:500, IS_FREE], rcond=None)[0]
        left = ((found - x[500:1000, IS_FREE]) ** 2).mean()
        assert left < 0.02 * x[500:1000, IS_FREE].var()

    def test_it_cannot_read_the_answer(self) -> None:
        x, values = TOY_LATENCY
        wrong = x[:80].copy()
        wrong[:, IS_FREE] = 1e6
        member = MEMBERS["pretrained"](0)
        assert isinstance(member, Prepared)
        member.prepare(x[1000:], IS_FREE)
        member.fit(x[:80], values[:80])
        assert (member.mean(wrong) == member.mean(x[:80])).all()

    def test_estimates_that_never_vary_teach_nothing_and_do_no_harm(self) -> None:
        x, values = encoded(80, 0)
        x[:, IS_FREE] = np.log(np.finfo(float).tiny)
        member = MEMBERS["pretrained"](0)
        assert isinstance(member, Prepared)
        member.prepare(x, IS_FREE)
        member.tune(x, values)
        member.fit(x, values)
        assert rank_correlation(member.mean(x), values) > 0.8

    def test_the_global_randomness_of_torch_is_left_alone(self) -> None:
        torch.manual_seed(3)
        expected = torch.rand(1)
        torch.manual_seed(3)
        fitted(*encoded(40, 0), ("pretrained",))
        assert torch.rand(1) == expected


class TestTheProcess:
    def test_its_gradient_is_that_of_its_loss(self) -> None:
        x, values = encoded(30, 0)
        process = Process(ENCODER.features)
        process.tune(x, values)
        scaled, target = process._scaled(x), (values - values.mean()) / values.std()
        prior = process._prior()
        for shift in (0.0, 0.5):
            off = check_grad(
                lambda at: process._loss(at, prior, scaled, target)[0],
                lambda at: process._loss(at, prior, scaled, target)[1],
                prior + shift,
            )
            assert off < 1e-3

    def test_what_it_leaves_out_is_what_it_predicts_without(self) -> None:
        x, values = encoded(25, 0)
        whole = Process(ENCODER.features).tune(x, values).fit(x, values)
        for out in (0, 7, 24):
            others = np.arange(len(values)) != out
            less = Process(ENCODER.features).tune(x, values)
            # The unit of the targets changes a little where one of them is missing.
            mean, spread = less.fit(x[others], values[others]).predict(x[[out]])
            assert mean[0] == pytest.approx(whole.left_out[out], abs=0.1 * values.std())
            assert spread[0] == pytest.approx(whole.left_out_spread[out], rel=0.3)

    def test_choices_that_do_not_matter_are_found(self) -> None:
        rng = np.random.default_rng(0)
        x = rng.integers(0, 2, (120, 6)).astype(float)
        y = np.cos(3 * x[:, 0] + 2 * x[:, 1] * x[:, 2])
        features = Features(kinds=np.zeros(6, np.int64), groups=np.arange(6))
        process = Process(features).tune(x, y)
        weights = process._parts(process._parameters).weights
        assert weights[:3].min() > 2 * weights[3:].max()


SCALES: list[Callable[[Numbers], Scale]] = [Distances, Amounts, lambda _: Logarithms(), Plain]


class TestScales:
    @pytest.mark.parametrize("make", SCALES)
    @given(
        values=st.lists(st.floats(0.3, 0.6), min_size=2, max_size=20),
        deviation=st.floats(0.1, 2),
    )
    def test_scores_come_back_and_more_deviations_are_more(
        self, make: Callable[[Numbers], Scale], values: list[float], deviation: float
    ) -> None:
        known = np.array(values)
        scale = make(known)
        scores, spread = scale.scores(known), np.full(len(known), 0.1)
        scale.judge(scores, scores + 0.05, spread)
        back = scale.at(scores, spread, 0.0)
        first, third = np.quantile(known, [0.25, 0.75])
        middle = (known >= first) & (known <= third)  # nothing of it is cut off
        assert back[middle] == pytest.approx(known[middle], rel=1e-6)
        assert (scale.at(scores, spread, deviation) > back).all()

    def test_a_share_is_learned_by_its_distance_to_one(self) -> None:
        scale = Distances(np.array([0.8, 0.9, 0.95]))
        scores = scale.scores(np.array([0.9, 0.95]))
        assert scores[1] - scores[0] == pytest.approx(np.log(2))

    def test_broken_designs_are_cut_off(self) -> None:
        values = np.array([0.1, 0.85, 0.86, 0.87, 0.88, 0.89, 0.9])
        scores = Distances(values).scores(values)
        assert scores[1] - scores[0] < 3 * np.ptp(scores[1:])

    def test_costs_may_add_up_or_multiply(self) -> None:
        rng = np.random.default_rng(0)
        x = rng.integers(0, 3, (60, 12)).astype(float)
        features = Features(kinds=np.ones(12, np.int64), groups=np.arange(12))
        for values, kind in ((1 + x.sum(axis=1), Amounts), (np.exp(x.sum(axis=1) / 3), Logarithms)):
            predictor = Predictor(features, "min", 0).tune(x, values).fit(x, values)
            assert isinstance(predictor._scale, kind)

    def test_costs_may_turn_negative_after_it_was_tuned(self) -> None:
        x = np.arange(40.0)[:, None]
        features = Features(kinds=np.ones(1, np.int64), groups=np.zeros(1, np.int64))
        values = np.exp(x[:, 0] / 4)
        predictor = Predictor(features, "min", 0).tune(x, values)
        values[3] = -1.0
        assert np.isfinite(predictor.fit(x, values).predict(x).expected).all()

    def test_what_may_be_negative_is_learned_as_it_is(self) -> None:
        assert [type(it) for it in fitting(np.array([-1.0, 2.0]), "min")] == [Plain]


@given(
    values=st.lists(st.integers(-99, 99), min_size=3, max_size=20, unique=True),
    seed=st.integers(0, 99),
)
def test_rank_correlation_is_that_of_the_textbook(values: list[int], seed: int) -> None:
    other = np.random.default_rng(seed).permutation(len(values)).astype(float)
    one = np.array(values, float)
    assert rank_correlation(one, other) == pytest.approx(spearman(one, other))  # type: ignore[arg-type]


def test_rank_correlation_with_a_constant_is_nothing() -> None:
    assert rank_correlation(np.ones(4), np.arange(4.0)) == 0
