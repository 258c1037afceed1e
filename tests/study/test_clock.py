"""What a stage took is known to the process that goes on after a kill."""

from pathlib import Path

from sartor.study import RunFolder, StageClock


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_goes_on_with_the_time_that_was_recorded(tmp_path: Path) -> None:
    hands = Hands()
    with RunFolder.open(tmp_path / "run", {}) as folder:
        clock = StageClock(folder, "search", hands)
        hands.now += 5
        clock.record()
        hands.now += 2
        assert clock.seconds == 7
    with RunFolder.open(tmp_path / "run", {}) as folder:  # the last two seconds were lost
        clock = StageClock(folder, "search", hands)
        hands.now += 1
        assert clock.seconds == 6
        clock.finish({"designs": 3})
        assert clock.seconds == folder.spent("search") == 6
        assert folder.stage_result("search") == {"designs": 3}
