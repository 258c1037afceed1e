"""A survey of kernels is a JSON file: shared, merged, and refused where it is damaged."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import network, sample

from sartor.cost.kernels.survey import VERSION, KernelSurvey, merge, survey_of
from sartor.errors import DamagedFileError, DataError, OptionError
from sartor.study import read_json, write_json

FINGERPRINT: dict[str, str | int] = {"cpu": "made up", "threads": 1}


def surveyed(seed: int = 0, number: int = 40) -> KernelSurvey:
    samples = [sample(1000 * seed + place, noise=0.01) for place in range(number)]
    return survey_of(FINGERPRINT, "onnxruntime", [seed], samples)


@pytest.fixture(scope="module")
def survey() -> KernelSurvey:
    return surveyed()


def test_a_survey_that_was_read_predicts_the_same(survey: KernelSurvey, tmp_path: Path) -> None:
    survey.save(tmp_path / "survey.json")
    again = KernelSurvey.load(tmp_path / "survey.json")
    networks = [network(seed) for seed in range(50)]
    assert again.predict(networks) == survey.predict(networks)
    assert (again.errors, again.pace, again.seeds) == (survey.errors, survey.pace, survey.seeds)
    assert (again.fingerprint, again.runtime) == (FINGERPRINT, "onnxruntime")


def test_the_file_says_how_far_predictions_are_off(survey: KernelSurvey, tmp_path: Path) -> None:
    survey.save(tmp_path / "survey.json")
    plain = read_json(tmp_path / "survey.json")
    assert plain["errors"]["fp32"]["networks_held_out"] == 40
    assert plain["errors"]["fp32"]["within_10_percent"] == survey.errors["fp32"].within_10_percent
    assert 0 < survey.errors["fp32"].median_error < 0.05


def test_another_version_is_refused(survey: KernelSurvey, tmp_path: Path) -> None:
    file = tmp_path / "survey.json"
    survey.save(file)
    write_json(file, read_json(file) | {"version": 99})
    with pytest.raises(
        DamagedFileError, match=f"of version 99; this program reads version {VERSION}"
    ):
        KernelSurvey.load(file)


@pytest.mark.parametrize("key", ["samples", "model", "fingerprint", "pace", "errors", "version"])
def test_a_file_that_lacks_something_is_refused(
    key: str, survey: KernelSurvey, tmp_path: Path
) -> None:
    file = tmp_path / "survey.json"
    survey.save(file)
    plain = read_json(file)
    del plain[key]
    write_json(file, plain)
    with pytest.raises(DamagedFileError, match="is no survey of kernels"):
        KernelSurvey.load(file)


def test_a_model_of_other_networks_is_refused(survey: KernelSurvey, tmp_path: Path) -> None:
    file = tmp_path / "survey.json"
    survey.save(file)
    plain = read_json(file)
    write_json(file, plain | {"samples": plain["samples"][:-1]})
    with pytest.raises(DamagedFileError, match="39 were timed"):
        KernelSurvey.load(file)


def test_a_cut_off_or_changed_file_is_refused(survey: KernelSurvey, tmp_path: Path) -> None:
    file = tmp_path / "survey.json"
    survey.save(file)
    text = file.read_text()
    file.write_text(text[: len(text) // 2])
    with pytest.raises(DamagedFileError, match="is damaged"):
        KernelSurvey.load(file)
    changed = json.loads(text)
    changed["value"]["pace"][1] *= 2
    file.write_text(json.dumps(changed))
    with pytest.raises(DamagedFileError, match="is damaged"):
        KernelSurvey.load(file)


def test_surveys_of_one_target_are_merged(survey: KernelSurvey) -> None:
    both = merge([survey, surveyed(seed=1)])
    assert both.seeds == (0, 1)
    assert len(both.samples) == 80
    assert both.errors["fp32"].networks_held_out == 80


def test_what_does_not_belong_together_is_not_merged(survey: KernelSurvey) -> None:
    with pytest.raises(OptionError, match="different seeds"):
        merge([survey, survey])
    with pytest.raises(OptionError, match=r"with threads 1, another with 2"):
        merge([survey, replace(surveyed(1), fingerprint=FINGERPRINT | {"threads": 2})])
    with pytest.raises(OptionError, match="merge surveys of one runtime"):
        merge([survey, replace(surveyed(1), runtime="openvino")])
    with pytest.raises(DataError, match="at least one"):
        merge([])


@pytest.mark.parametrize("number", [0, 12, 14])
def test_a_survey_of_too_few_networks_is_refused(number: int) -> None:
    """Twelve would do for a model, not for models from which a fifth is held out."""
    with pytest.raises(DataError, match=rf"15 networks; {number} were timed.*more seconds"):
        surveyed(number=number)
    assert surveyed(number=15).errors["fp32"].networks_held_out == 15
