"""Transfer: what is known of one network is known of the other, but for what they differ by."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import Toy

from sartor.errors import DataError, OptionError
from sartor.search import Predictor, rank_correlation, run
from sartor.search.predictors import Encoder, Source, Transferred, transfer
from sartor.space import Choice, Design, Space
from sartor.study import Trials
from sartor.units import Measurement

TOY = Toy()
BITS = Space([Choice(f"stage{it}.bits", (4, 8), ordered=True) for it in range(TOY.stages)])
QUANTIZED = TOY.space + BITS
FEW, MANY = 20, 200
Numbers = npt.NDArray[np.float64]


def fp32(designs: Sequence[Design]) -> Numbers:
    return np.array([TOY.accuracy(design) for design in designs])


def int8(designs: Sequence[Design]) -> Numbers:
    """What is lost at 4 bits is more in narrow stages and in ghosts."""
    lost = np.zeros(len(designs))
    for row, design in enumerate(designs):
        for stage in range(TOY.stages):
            ghost = design.text(f"stage{stage}.kind") == "ghost"
            width, bits = (
                design.integer(f"stage{stage}.width"),
                design.integer(f"stage{stage}.bits"),
            )
            lost[row] += (0.08 if bits == 4 else 0.01) * (2.0 if ghost else 1.0) / width
    return fp32(designs) - lost


def drawn(space: Space, count: int, seed: int) -> list[Design]:
    return space.decode(space.coding.drawn(count, np.random.default_rng(seed)))


def source(seed: int = 0) -> Source:
    designs = drawn(TOY.space, MANY, seed)
    return Source(TOY.space, designs, fp32(designs))


KNOWN = source()


def alone(designs: Sequence[Design], values: Numbers, unseen: Sequence[Design]) -> Numbers:
    encode, coding = Encoder(QUANTIZED.coding), QUANTIZED.coding
    x = encode(QUANTIZED.encode(designs), {})
    predictor = Predictor(coding.features, "max", 0).tune(x, values).fit(x, values)
    return predictor.expected(encode(QUANTIZED.encode(unseen), {}))


def as_an_estimate(
    known: Source, designs: Sequence[Design], values: Numbers, unseen: Sequence[Design]
) -> Numbers:
    """Predict as a search does whose estimate is the source."""
    encode = Encoder(QUANTIZED.coding, ("fp32_error",))
    x, others = (
        encode(QUANTIZED.encode(it), {"fp32_error": 1 - known(it)}) for it in (designs, unseen)
    )
    return Predictor(encode.features, "max", 0).tune(x, values).fit(x, values).expected(others)


@pytest.mark.parametrize("seed", range(5))
def test_with_few_trials_it_errs_less_than_what_learned_these_alone(seed: int) -> None:
    learned, unseen = drawn(QUANTIZED, FEW, 100 + seed), drawn(QUANTIZED, 300, 200 + seed)
    values, truth, known = int8(learned), int8(unseen), source(seed)
    found = Transferred(known, QUANTIZED).fit(learned, values).predict(unseen).expected
    errors = {
        name: np.abs(guess - truth).mean()
        for name, guess in {
            "transferred": found,
            "estimate": as_an_estimate(known, learned, values, unseen),
            "alone": alone(learned, values, unseen),
            "source": known(unseen),
        }.items()
    }
    assert errors["transferred"] < 0.7 * errors["alone"]
    assert errors["estimate"] < errors["alone"]
    assert errors["transferred"] < 0.7 * errors["source"]


def test_most_true_values_lie_within_two_deviations() -> None:
    learned, unseen = drawn(QUANTIZED, FEW, 1), drawn(QUANTIZED, 300, 2)
    prediction = Transferred(source(), QUANTIZED).fit(learned, int8(learned)).predict(unseen)
    truth = int8(unseen)
    assert ((truth >= prediction.at(-2)) & (truth <= prediction.at(2))).mean() > 0.85


def test_more_trials_are_of_use() -> None:
    unseen, known = drawn(QUANTIZED, 300, 2), source()
    truth, errors = int8(unseen), []
    for count in (10, 40, 160):
        learned = drawn(QUANTIZED, count, 1)
        found = Transferred(known, QUANTIZED).fit(learned, int8(learned)).predict(unseen).expected
        errors.append(np.abs(found - truth).mean())
    assert errors == sorted(errors, reverse=True)


def test_one_trial_shifts_what_the_source_says_and_keeps_its_order() -> None:
    unseen, known = drawn(QUANTIZED, 100, 2), source()
    learned = drawn(QUANTIZED, 1, 1)
    transferred = Transferred(known, QUANTIZED).fit(learned, int8(learned))
    found = transferred.predict(unseen).expected
    assert rank_correlation(found, known(unseen)) == pytest.approx(1)
    assert transferred.predict(learned).expected == pytest.approx(int8(learned))


@given(slope=st.floats(0.3, 1.5), offset=st.floats(-0.5, 0.5))
def test_a_source_that_is_right_but_for_a_line_is_followed(slope: float, offset: float) -> None:
    # On the scale on which accuracy is learned: the logarithm of the distance to one.
    learned, unseen = drawn(QUANTIZED, 12, 1), drawn(QUANTIZED, 100, 2)

    def other(designs: Sequence[Design]) -> Numbers:
        return 1 - np.exp(slope * np.log(1 - KNOWN(designs)) + offset - 0.6)

    found = Transferred(KNOWN, QUANTIZED).fit(learned, other(learned)).predict(unseen).expected
    assert np.abs(found - other(unseen)).max() < 0.25 * np.ptp(other(unseen))
    assert rank_correlation(found, other(unseen)) > 0.97


def test_costs_are_transferred_too() -> None:
    designs = drawn(TOY.space, MANY, 0)
    known = Source(TOY.space, designs, np.array([TOY.latency_ms(it) for it in designs]), "min")
    learned, unseen = drawn(QUANTIZED, FEW, 1), drawn(QUANTIZED, 200, 2)

    def quantized_ms(designs: Sequence[Design]) -> Numbers:
        return np.array(
            [0.4 * TOY.latency_ms(it) + 0.02 * it.integer("stage0.bits") for it in designs]
        )

    found = Transferred(known, QUANTIZED).fit(learned, quantized_ms(learned)).predict(unseen)
    off = found.expected / quantized_ms(unseen) - 1
    assert np.abs(off).mean() < 0.1


def test_nothing_is_predicted_for_no_designs() -> None:
    learned = drawn(QUANTIZED, FEW, 1)
    transferred = Transferred(KNOWN, QUANTIZED).fit(learned, int8(learned))
    assert transferred.predict([]).expected.shape == (0,)
    assert KNOWN([]).shape == (0,)


class TestASource:
    def test_it_reads_a_study_and_leaves_out_what_failed(self, tmp_path: Path) -> None:
        file = tmp_path / "fp32.db"
        run(TOY.space, TOY.evaluate, strategy="random", evaluations=48, storage=file)
        trials = Trials.open(file, TOY.space, {"accuracy": "max", "latency_ms": "min"})
        trials.fail(drawn(TOY.space, 1, 9)[0], "a crash", origin="search")
        trials.close()
        unseen = drawn(QUANTIZED, 200, 2)
        for metric, truth in (
            ("accuracy", fp32(unseen)),
            ("latency_ms", np.array([TOY.latency_ms(design) for design in unseen])),
        ):
            assert rank_correlation(Source.of(Trials.read(file), metric)(unseen), truth) > 0.9

    def test_of_very_many_trials_some_are_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(transfer, "MOST", 50)
        designs, unseen = drawn(TOY.space, 5000, 0), drawn(TOY.space, 100, 1)
        values = fp32(designs)
        found = [Source(TOY.space, designs, values, seed=seed)(unseen) for seed in (0, 0, 1)]
        assert (found[0] == found[1]).all()
        assert (found[0] != found[2]).any()
        assert rank_correlation(found[0], fp32(unseen)) > 0.9

    def test_it_refuses_a_metric_that_is_no_objective(self) -> None:
        trials = Trials.open(None, TOY.space, {"accuracy": "max"})
        message = "accuarcy is no objective of the study; known: accuracy. Did you mean 'accuracy'"
        with pytest.raises(OptionError, match=message):
            Source.of(trials, "accuarcy")

    def test_it_refuses_to_learn_from_nothing_or_nan(self) -> None:
        trials = Trials.open(None, TOY.space, {"accuracy": "max"})
        with pytest.raises(DataError, match=r"0 of 0 values .* give at least one"):
            Source.of(trials, "accuracy")
        trials.add(TOY.space.extreme(0), {"accuracy": Measurement(0.5, "proxy")}, origin="search")
        assert Source.of(trials, "accuracy")([TOY.space.extreme(-1)]) == pytest.approx(0.5)
        with pytest.raises(DataError, match="1 of 2 values"):
            Transferred(KNOWN, QUANTIZED).fit(drawn(QUANTIZED, 2, 0), np.array([0.5, np.nan]))

    def test_it_refuses_designs_that_lack_a_choice_or_have_other_options(self) -> None:
        with pytest.raises(
            OptionError, match=r"lacks its choices stage0\.kind.*contains the earlier"
        ):
            KNOWN([BITS.extreme(0)])
        design = dict(QUANTIZED.extreme(0)) | {"stage0.width": 9}
        with pytest.raises(OptionError, match="9"):
            KNOWN([Design(design)])


def test_a_search_for_int8_predicts_better_with_the_study_of_fp32() -> None:
    trials = Trials.open(None, TOY.space, {"accuracy": "max", "latency_ms": "min"})
    run(TOY.space, TOY.evaluate, strategy="random", evaluations=MANY, storage=trials)
    known = Source.of(trials, "accuracy")

    def error(seed: int, *, helped: bool) -> float:
        study = run(
            QUANTIZED,
            lambda design: {"accuracy": float(int8([design])[0])},
            objectives={"accuracy": "max"},
            estimate=(lambda designs: {"fp32_error": 1 - known(designs)}) if helped else None,
            evaluations=34,
            batch=17,
            seed=seed,
        )
        return study.quality["predictor_error"]

    errors = [[error(seed, helped=helped) for seed in range(3)] for helped in (True, False)]
    assert np.mean(errors[0]) < 0.8 * np.mean(errors[1])
