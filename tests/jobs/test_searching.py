"""The search of a fit keeps its time."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from test_baselines import EVALUATE, FAMILY, SPACE, SURVEY

from sartor.jobs import Silent
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.searching import FEWEST, SEARCH, search_designs, trials_of
from sartor.search import OBJECTIVES
from sartor.study import RunFolder, Trials


def test_a_search_without_any_time_left_evaluates_the_fewest(tmp_path: Path) -> None:
    trials = Trials.open(None, FAMILY.space + SPACE, OBJECTIVES)
    promising = [trials.space.extreme(0)]
    with RunFolder.open(tmp_path / "run", {}) as folder:
        asked = SimpleNamespace(steps=None, seconds=None, seed=0, strategy="random")
        known = SimpleNamespace(folder=folder, progress=Silent(), asked=asked, limits=())
        study = search_designs(cast(Job, known), SURVEY, EVALUATE, trials, promising, 0.0)
        assert folder.stage_done(SEARCH)
    assert trials_of(trials, SEARCH) == FEWEST
    assert len(study.trials) == FEWEST + 1
