"""How long files are timed when they are verified."""

import pytest

from sartor.jobs.fitting.verifying import (
    LEAST_EACH,
    MOST_EACH,
    PROCESSES,
    TIMING,
    seconds_each,
)


def test_timing_takes_its_share_of_the_time_for_verifying() -> None:
    assert seconds_each(60.0, 20) * 20 * PROCESSES == pytest.approx(60 * TIMING)


def test_timing_is_neither_too_short_to_be_trusted_nor_longer_than_serves() -> None:
    assert seconds_each(1.0, 10) == LEAST_EACH
    assert seconds_each(1e4, 10) == MOST_EACH
    assert seconds_each(None, 10) == MOST_EACH
