"""The loop: durable, resumable, honest about failures."""

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy import Toy

from sartor.errors import DataError, LimitError, MeasurementError, OptionError, RunFolderError
from sartor.registry import Registry
from sartor.search import Evaluate, Problem, Strategy, Study, run
from sartor.search.strategies.random import Random
from sartor.space import Choice, Design, Space
from sartor.study import Trial, Trials
from sartor.units import Limit, Measurement

TOY = Toy(stages=3)
OBJECTIVES = {"accuracy": "max", "latency_ms": "min"}


def plain(study: Study) -> list[tuple[str, int, str]]:
    return [(trial.design.id, trial.batch, trial.state) for trial in study.trials]


@pytest.mark.parametrize("strategy", ["random", "nsga2", "predictor"])
@pytest.mark.parametrize("stopped_after", [5, 16, 44])
def test_a_stopped_search_ends_as_if_unbroken(
    tmp_path: Path, strategy: str, stopped_after: int
) -> None:
    def search(place: Path | None, **more: object) -> Study:
        return run(
            TOY.space,
            TOY.evaluate,
            strategy=strategy,
            evaluations=52,
            seed=2,
            storage=place,
            estimate=TOY.estimate,
            limits={"latency_ms": 2.0},
            **more,  # type: ignore[arg-type]
        )

    seen: list[Trial] = []
    search(tmp_path / "study.db", stop=lambda: len(seen) >= stopped_after, on_trial=seen.append)
    assert len(seen) == stopped_after
    rest: list[Trial] = []
    resumed = search(tmp_path / "study.db", on_trial=rest.append)
    unbroken = search(None)
    assert plain(resumed) == plain(unbroken)
    assert len(rest) == 52 - stopped_after
    assert resumed.front == unbroken.front
    assert resumed.quality == unbroken.quality
    again = search(tmp_path / "study.db", on_trial=lambda _: pytest.fail("nothing was left to do"))
    assert again.quality == unbroken.quality


def test_more_evaluations_go_on_where_fewer_ended(tmp_path: Path) -> None:
    def search(place: Path | None, evaluations: int) -> Study:
        return run(
            TOY.space, TOY.evaluate, evaluations=evaluations, storage=place, strategy="nsga2"
        )

    search(tmp_path / "s.db", 21)
    assert plain(search(tmp_path / "s.db", 60)) == plain(search(None, 60))


def test_an_evaluation_that_fails_is_recorded_and_the_search_goes_on() -> None:
    calls = []

    def evaluate(design: Design) -> dict[str, float]:
        calls.append(design)
        if len(calls) % 5 == 1:
            raise DataError("a batch of one")
        if len(calls) % 5 == 2:
            return {"accuracy": math.nan, "latency_ms": 1.0}
        if len(calls) % 5 == 3:
            raise ZeroDivisionError("division by zero")
        return TOY.evaluate(design)

    study = run(TOY.space, evaluate, evaluations=40)
    failed = [trial for trial in study.trials if trial.state == "failed"]
    assert len(study.trials) == len(calls) == 40
    assert len(failed) == 24
    assert [trial.reason for trial in failed[:3]] == [
        "DataError: a batch of one",
        "accuracy is no finite number",
        "ZeroDivisionError: division by zero",
    ]
    assert all(trial.state == "done" for trial in study.front)


def test_a_search_in_which_everything_fails_ends_with_the_reason(tmp_path: Path) -> None:
    def evaluate(_: Design) -> dict[str, float]:
        raise ValueError("no")

    def search(evaluate: Evaluate, evaluations: int) -> Study:
        return run(
            TOY.space,
            evaluate,
            evaluations=evaluations,
            storage=tmp_path / "s.db",
            strategy="nsga2",
        )

    message = r"none of 32 evaluations gave numbers; the last one: ValueError: no\. Mend"
    with pytest.raises(MeasurementError, match=message) as caught:
        search(evaluate, 100)
    assert isinstance(caught.value.__cause__, ValueError)
    mended = search(TOY.evaluate, 100)
    assert [trial.state for trial in mended.trials] == ["failed"] * 32 + ["done"] * 68
    with pytest.raises(MeasurementError, match="none of 4 evaluations"):
        run(TOY.space, evaluate, evaluations=4)


def test_a_full_disk_is_no_fault_of_the_design() -> None:
    def evaluate(_: Design) -> dict[str, float]:
        raise RunFolderError("the disk is full")

    with pytest.raises(RunFolderError):
        run(TOY.space, evaluate, evaluations=40)


def test_a_mistake_in_the_evaluation_is_not_hidden() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        return {"accuracy": design.number("no such choice")}

    with pytest.raises(MeasurementError, match="KeyError: 'no such choice'") as caught:
        run(TOY.space, evaluate, evaluations=4)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "the evaluation gives NoneType; allowed: numbers by metric"),
        ((0.5, 1.0), "the evaluation gives tuple; allowed: numbers by metric"),
        ({"accuracy": "good", "latency_ms": 1}, "gives 'good' as accuracy; allowed: a number"),
        ({"accuracy": None, "latency_ms": 1}, "gives None as accuracy; allowed: a number"),
    ],
)
def test_what_is_no_number_is_refused(given: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        run(TOY.space, lambda _: given, evaluations=4)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"accuracy": 93.1, "latency_ms": 1}, "accuracy is 93.1; it is a share, 0 to 1: divide"),
        ({"accuracy": 0.931, "latency_ms": -1}, "latency_ms is -1; allowed: 0 and more"),
        ({"accuracy": 0.931, "latency_ms": math.inf}, "latency_ms is no finite number"),
    ],
)
def test_numbers_that_cannot_be_true_are_failures(given: dict[str, float], message: str) -> None:
    with pytest.raises(MeasurementError, match=f"none of 4 evaluations.*{message}"):
        run(TOY.space, lambda _: given, evaluations=4)


def test_seconds_are_not_taken_for_milliseconds() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        return {**TOY.evaluate(design), "latency_ms": TOY.latency_ms(design) / 1000}

    with pytest.raises(MeasurementError, match=r"by the estimate: one of them must be in another"):
        run(TOY.space, evaluate, evaluations=4, estimate=TOY.estimate)


def test_any_metric_can_be_limited_also_relative_to_a_network() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        return {**TOY.evaluate(design), "energy_mj": 3 * TOY.latency_ms(design)}

    def estimate(designs: Sequence[Design]) -> dict[str, np.ndarray]:
        return {"energy_mj": np.array([3 * TOY.latency_ms(it) for it in designs])}

    study = run(
        TOY.space,
        evaluate,
        evaluations=20,
        estimate=estimate,
        limits={"energy_mj": "<=0.5x"},
        relative_to={"energy_mj": 9.0},
    )
    assert study.problem.limits == (Limit("energy_mj", 4.5, "max"),)
    assert max(trial.value("energy_mj") for trial in study.trials) <= 4.5
    with pytest.raises(LimitError, match=r"no design keeps energy_mj <= 0\.001: the nearest of"):
        run(TOY.space, evaluate, estimate=estimate, limits={"energy_mj": "<=0.001"})
    with pytest.raises(OptionError, match="limit on latncy_ms, but the evaluation gives"):
        run(TOY.space, evaluate, limits={"latncy_ms": "<=3"})


def test_an_objective_or_limit_that_is_never_measured_is_refused() -> None:
    with pytest.raises(OptionError, match=r"latency_ms is an objective.*gives accuracy"):
        run(TOY.space, lambda _: {"accuracy": 1.0}, evaluations=4)
    with pytest.raises(OptionError, match=r"limit on size_bytes.*gives accuracy, latency_ms"):
        run(TOY.space, TOY.evaluate, evaluations=4, limits=["size=1MB"])


def test_measurements_keep_their_provenance_and_plain_numbers_are_proxies() -> None:
    def evaluate(design: Design) -> dict[str, Measurement | float]:
        return {
            "accuracy": 0.5,
            "latency_ms": Measurement(TOY.latency_ms(design), "predicted", 0.0, 9.0),
        }

    trial = run(TOY.space, evaluate, evaluations=1, strategy="random").trials[0]
    assert trial.measurements["accuracy"] == Measurement(0.5, "proxy")
    assert trial.measurements["latency_ms"].provenance == "predicted"
    assert trial.measurements["latency_ms"].high == 9.0


def test_the_front_keeps_the_limits_and_holds_no_beaten_design() -> None:
    study = run(TOY.space, TOY.evaluate, evaluations=64, limits={"latency_ms": "<=1.5"})
    front = [(trial.value("accuracy"), trial.value("latency_ms")) for trial in study.front]
    kept = [
        (trial.value("accuracy"), trial.value("latency_ms"))
        for trial in study.trials
        if trial.value("latency_ms") <= 1.5
    ]
    assert front
    assert len(kept) < 64
    for accuracy, latency in front:
        assert latency <= 1.5
        assert not any(
            a >= accuracy and t <= latency and (a, t) != (accuracy, latency) for a, t in kept
        )


def test_limits_are_read_in_every_form() -> None:
    def limits(given: object) -> tuple[Limit, ...]:
        study = run(TOY.space, TOY.evaluate, evaluations=1, strategy="random", limits=given)  # type: ignore[arg-type]
        return study.problem.limits

    expected = (Limit("latency_ms", 8.0, "max"),)
    assert limits({"latency_ms": "<=8"}) == expected
    assert limits({"latency_ms": 8}) == expected
    assert limits({"latency_ms": "8ms"}) == expected
    assert limits({"latency": "<=0.008s"}) == expected
    assert limits(["latency=8ms"]) == expected
    assert limits({"accuracy": ">=0.5"}) == (Limit("accuracy", 0.5, "min"),)
    assert limits(None) == ()
    with pytest.raises(OptionError, match="not understood"):
        limits({"latency_ms": "<=--8"})
    with pytest.raises(LimitError, match="exclude one another"):
        limits(["latency<=1ms", "latency>=2ms"])


def test_limits_that_nothing_keeps_are_told_with_the_nearest_value() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        width = design.number("width")
        return {"accuracy": 0.5 + width / 100, "latency_ms": width, "size_bytes": 100 / width}

    def search(**limits: str) -> Study:
        space = Space([Choice("width", (2, 5, 10))])
        return run(space, evaluate, objectives={"accuracy": "max"}, limits=limits)

    assert search(latency_ms="<=1").shortfall == (
        "no design keeps latency <= 1 ms: the nearest of 3 evaluated has 2 ms. Loosen this limit "
        "or change the space."
    )
    # Of two that nothing keeps, the one binds that is missed by the larger share.
    both = search(latency_ms="<=1", size_bytes="<=9")
    assert both.shortfall.startswith("no design keeps latency <= 1 ms")
    assert "no design keeps latency <= 1 ms" in repr(both)
    assert search(latency_ms="<=4", size_bytes="<=19").shortfall == (
        "no design keeps latency <= 4 ms and size <= 19 B together, though each alone can be kept: "
        "the nearest of 3 evaluated has 5 ms, 20 B. Loosen one of them."
    )
    # Memory is limited in fits whose trials do not measure it, which speaks against none of them.
    limits = (Limit("latency_ms", 1.0, "max"), Limit("peak_bytes", 1e6, "max"))
    unmeasured = replace(both, problem=replace(both.problem, limits=limits))
    assert unmeasured.shortfall == search(latency_ms="<=1").shortfall
    kept = search(latency_ms="<=5")
    assert kept.shortfall == ""
    assert repr(kept) == "<Study: 3 trials, 1 on the front>"


def test_trials_of_others_are_known_and_do_not_count() -> None:
    trials = Trials.open(None, TOY.space, {"accuracy": "max", "latency_ms": "min"})
    measured = {
        name: Measurement(value, "proxy")
        for name, value in TOY.evaluate(TOY.space.extreme(0)).items()
    }
    trials.add(TOY.space.extreme(0), measured, origin="random")
    study = run(TOY.space, TOY.evaluate, evaluations=20, storage=trials)
    assert [trial.origin for trial in study.trials] == ["random"] + ["search"] * 20
    assert len({trial.design for trial in study.trials}) == 21


def test_a_design_that_a_strategy_asks_for_twice_is_evaluated_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Repeating(Random):
        def ask(self, count: int) -> list[Design]:
            return 2 * super().ask(count)

    registry: Registry[Callable[[Problem, int], Strategy]] = Registry("strategy")
    registry.register("repeating", "Asks twice.")(Repeating)
    # The package has a function of the name of this module.
    monkeypatch.setattr(importlib.import_module("sartor.search.run"), "STRATEGIES", registry)
    evaluated: list[Design] = []

    def evaluate(design: Design) -> dict[str, float]:
        evaluated.append(design)
        return TOY.evaluate(design)

    study = run(TOY.space, evaluate, strategy="repeating", evaluations=20, batch=5)
    assert len(evaluated) == len(set(evaluated)) == len(study.trials) == 20


def test_a_space_with_few_designs_is_searched_to_its_end() -> None:
    space = Space([Choice("width", (8, 16), ordered=True)])
    study = run(space, lambda it: {"accuracy": 0.5, "latency_ms": it.number("width")})
    assert study.exhausted
    assert len(study.trials) == 2
    single = run(Space([Choice("width", (8,))]), lambda _: {"accuracy": 0.5, "latency_ms": 1.0})
    assert [trial.design["width"] for trial in single.front] == [8]


@pytest.mark.parametrize("wrong", [{"evaluations": 0}, {"batch": 0}, {"seed": -1}])
def test_numbers_that_are_not_allowed_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(OptionError, match=r"allowed: [01] and more"):
        run(TOY.space, TOY.evaluate, **wrong)  # type: ignore[arg-type]


def test_a_limit_that_only_the_estimate_knows_holds_for_the_front() -> None:
    def evaluate(design: Design) -> dict[str, float]:
        return {"accuracy": TOY.accuracy(design)}

    study = run(
        TOY.space,
        evaluate,
        objectives={"accuracy": "max"},
        evaluations=20,
        strategy="netadapt",  # which begins beyond the limits
        estimate=TOY.estimate,
        limits={"latency_ms": "<=2.5"},
    )
    over = [it for it in study.trials if TOY.latency_ms(it.design) > 2.5]
    assert over
    assert not set(over) & set(study.front)
    assert study.trials[0].measurements["latency_ms"].provenance == "predicted"


def test_a_front_says_which_of_its_designs_may_be_beaten() -> None:
    space = Space([Choice("width", (1, 2, 3), ordered=True)])
    accuracies = {1: (0.70, 0.65, 0.75), 2: (0.80, 0.78, 0.82), 3: (0.81, 0.77, 0.85)}

    def evaluate(design: Design) -> dict[str, Measurement | float]:
        value, low, high = accuracies[design.integer("width")]
        return {
            "accuracy": Measurement(value, "proxy", low, high),
            "latency_ms": design.number("width"),
        }

    study = run(space, evaluate, evaluations=3, strategy="random")
    assert {it.design["width"] for it in study.front} == {1, 2, 3}
    # The dearest may be no better than the middle one; the cheapest is cheapest in any case.
    assert [it.design["width"] for it in study.unsettled] == [3]
    plain = run(
        space,
        lambda it: {"accuracy": it.number("width") / 4, "latency_ms": it.number("width")},
        evaluations=3,
        strategy="random",
    )
    assert len(plain.front) == 3
    assert plain.unsettled == ()
