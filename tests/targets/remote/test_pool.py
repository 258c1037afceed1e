"""Equal boards share work, and one that fails loses none of it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import Agent, running
from made_up_worker import MARK, known_ms
from sartor.errors import BoardError, MeasurementError, OptionError
from sartor.targets.remote import Board, Patience, Pool
from sartor_agent.fresh import Inspection, Protocol, TimedFile
from sartor_agent.timings import Timing

HURRIED = Patience(reach_s=1, lent_s=20)
HOW = Protocol(processes=1)


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[list[Agent]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(running(Agent(tmp_path / name))) for name in ("one", "two")]


@pytest.fixture
def boards(agents: list[Agent]) -> Iterator[list[Board]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(agent.board(HURRIED)) for agent in agents]


def program(folder: Path, number: int, how: str = "fp32") -> TimedFile:
    file = folder / f"{number}.onnx"
    file.write_bytes(MARK + bytes([number]))
    return TimedFile(file, "made_up", how)


def test_all_boards_work_and_results_keep_their_order(
    agents: list[Agent], boards: list[Board], tmp_path: Path
) -> None:
    experiments = [{"it": program(tmp_path, it, "second")} for it in range(4)]
    found = Pool(boards).time_files(experiments, HOW)
    for number, one in enumerate(found):
        assert isinstance(one, dict)
        timing = one["it"]
        assert isinstance(timing, Timing)
        assert timing.median_ms == known_ms(MARK + bytes([number]), 0)
    assert all(agent.runs > 0 for agent in agents)
    assert sum(agent.runs for agent in agents) == 4


def test_a_board_that_dies_gives_its_work_to_the_others(
    agents: list[Agent], boards: list[Board], tmp_path: Path
) -> None:
    pool = Pool(boards)
    agents[0].kill()
    files = [program(tmp_path, it) for it in range(5)]
    found = pool.inspect_files(files)
    for it, one in zip(files, found, strict=True):
        assert isinstance(one, Inspection)
        assert one.call_ms == known_ms(it.file.read_bytes(), 0)


def test_a_program_that_fails_takes_no_other_with_it(boards: list[Board], tmp_path: Path) -> None:
    found = Pool(boards).inspect_files(
        [program(tmp_path, it, "crash" if it == 1 else "fp32") for it in range(4)]
    )
    assert [isinstance(one, MeasurementError) for one in found] == [False, True, False, False]


def test_what_was_found_stays_when_no_board_is_left(
    agents: list[Agent], boards: list[Board], tmp_path: Path
) -> None:
    pool = Pool(boards[:1])
    before = pool.inspect_files([program(tmp_path, 0)])
    agents[0].kill()
    after = pool.inspect_files([program(tmp_path, 1), program(tmp_path, 2)])
    assert isinstance(before[0], Inspection)
    for one in after:
        assert isinstance(one, BoardError)
        assert "no board is left" in str(one)


def test_boards_that_differ_are_refused_with_what_differs(
    boards: list[Board], tmp_path: Path
) -> None:
    other = Agent(tmp_path / "other", environment={"MADE_UP_CPU": "quicker"})
    with running(other), other.board() as board, \
            pytest.raises(OptionError, match=r"differ in cpu \(made up, quicker\)"):  # fmt: skip
        Pool([*boards, board])
    with pytest.raises(OptionError, match="no boards"):
        Pool([])


def test_nothing_is_done_for_nothing(boards: list[Board]) -> None:
    assert Pool(boards).time_files([]) == []
