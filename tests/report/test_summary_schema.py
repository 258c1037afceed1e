"""summary.json, its schema and its documentation say the same."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from summaries import sample, without_networks

from sartor.report.reading import NETWORK, PARTS

SCHEMA = json.loads(
    resources.files("sartor.report").joinpath("summary.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "summary.md"


@pytest.fixture
def summary() -> dict[str, Any]:
    return sample()


@pytest.fixture
def unkept() -> dict[str, Any]:
    return without_networks()


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_sample_follows_the_schema(summary: dict[str, Any]) -> None:
    VALIDATOR.validate(summary)


def test_run_without_a_network_follows_the_schema(unkept: dict[str, Any]) -> None:
    VALIDATOR.validate(unkept)


def test_schema_refuses_a_number_of_unknown_provenance(summary: dict[str, Any]) -> None:
    summary["picks"][0]["accuracy"]["provenance"] = "guessed"
    with pytest.raises(jsonschema.ValidationError, match="guessed"):
        VALIDATOR.validate(summary)


def test_what_reading_needs_is_required() -> None:
    assert set(PARTS) <= set(SCHEMA["required"])
    assert set(NETWORK) <= set(SCHEMA["$defs"]["network"]["required"])


def test_documentation_names_every_field() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert [name for name in _fields(SCHEMA) if f"`{name}`" not in text] == []


def _fields(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inside in schema.values():
            yield from _fields(inside)
    elif isinstance(schema, list):
        for inside in schema:
            yield from _fields(inside)
