"""Strategies as samplers of Optuna, in studies that are not Sartor's."""

import optuna
import pytest
from toy import Toy

from sartor.errors import OptionError, UnknownNameError
from sartor.search import STRATEGIES, Problem, Scored
from sartor.search.sampler import StrategySampler
from sartor.space import Choice, Design, Space

optuna.logging.set_verbosity(optuna.logging.WARNING)
TOY = Toy()


def suggest(trial: optuna.Trial) -> Design:
    options: dict[str, object] = {}
    for choice in TOY.space.choices:
        if all(options.get(it.choice) in it.options for it in choice.when):
            options[choice.name] = trial.suggest_categorical(choice.name, choice.options)
    return Design(options)  # type: ignore[arg-type]


def objective(trial: optuna.Trial) -> tuple[float, float]:
    design = suggest(trial)
    return TOY.accuracy(design), TOY.latency_ms(design)


def searched(strategy: str, trials: int, seed: int = 0) -> optuna.Study:
    study = optuna.create_study(
        directions=["maximize", "minimize"], sampler=StrategySampler(TOY.space, strategy, seed)
    )
    study.optimize(objective, trials)
    return study


@pytest.mark.parametrize("strategy", ["nsga2", "local", "predictor"])
def test_what_is_suggested_is_what_the_strategy_asks_for(strategy: str) -> None:
    study = searched(strategy, 40)
    asker = STRATEGIES[strategy](Problem(TOY.space, {"0": "max", "1": "min"}), 0)
    for trial in study.trials:
        (design,) = asker.ask(1)
        assert trial.params == dict(design)
        values = {"0": TOY.accuracy(design), "1": TOY.latency_ms(design)}
        asker.tell([Scored(design, values, trial.number)])


def test_trials_that_run_side_by_side_are_drawn_one_after_another() -> None:
    study = optuna.create_study(
        directions=["maximize", "minimize"], sampler=StrategySampler(TOY.space, "random")
    )
    suggested = [suggest(study.ask()) for _ in range(6)]
    asker = STRATEGIES["random"](Problem(TOY.space, {"0": "max", "1": "min"}), 0)
    assert suggested == [asker.ask(1)[0] for _ in range(6)]


def test_designs_are_distinct_and_of_the_space() -> None:
    study = searched("evolution", 50)
    designs = {Design(trial.params) for trial in study.trials}
    assert len(designs) == 50
    assert all(design in TOY.space for design in designs)


def test_failed_trials_and_those_of_others_do_no_harm() -> None:
    sampler = StrategySampler(TOY.space, "nsga2")
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    study.enqueue_trial({"unknown": 3})
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    study.optimize(objective, 20)
    assert len({Design(trial.params) for trial in study.trials[1:]}) == 20


def test_what_is_no_choice_of_the_space_is_drawn() -> None:
    space = Space([Choice("width", (8, 16, 24), ordered=True)])
    study = optuna.create_study(sampler=StrategySampler(space, "random", seed=1))

    def measure(trial: optuna.Trial) -> float:
        rate = trial.suggest_float("rate", 0, 1)
        return rate * int(trial.suggest_categorical("width", (8, 16, 24)))

    study.optimize(measure, 3)
    assert {trial.params["width"] for trial in study.trials} == {8, 16, 24}
    assert len({trial.params["rate"] for trial in study.trials}) == 3


def test_an_exhausted_space_says_so() -> None:
    space = Space([Choice("width", (8, 16), ordered=True)])
    study = optuna.create_study(sampler=StrategySampler(space, "random"))
    with pytest.raises(OptionError, match="all 2 designs of the space were asked for"):
        study.optimize(lambda trial: float(trial.suggest_categorical("width", (8, 16))), 3)


def test_a_misspelt_strategy_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'nsga2'"):
        StrategySampler(TOY.space, "nsga22")
