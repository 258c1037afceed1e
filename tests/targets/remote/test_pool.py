"""Equal boards share work, and one that fails loses none of it."""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from agents import Agent, running
from made_up_worker import MARK, known_ms
from sartor.errors import BoardError, MeasurementError, OptionError
from sartor.targets.remote import Board, Patience, Pool
from sartor.targets.remote import pool as pool_module
from sartor_agent.fresh import Inspection, Protocol, TimedFile

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


def together(
    pool: Pool, files: Sequence[TimedFile]
) -> list[Inspection | MeasurementError | BoardError]:
    """Inspect files from as many threads as there are boards, as a search does."""

    def inspect(it: TimedFile) -> Inspection | MeasurementError | BoardError:
        try:
            return pool.inspect_file(it, HOW)
        except (MeasurementError, BoardError) as error:
            return error

    with ThreadPoolExecutor(pool.at_once) as threads:
        return list(threads.map(inspect, files))


def test_all_boards_work_at_the_same_time(
    agents: list[Agent], boards: list[Board], tmp_path: Path
) -> None:
    pool = Pool(boards)
    files = [program(tmp_path, it, "second") for it in range(4)]
    with ThreadPoolExecutor(pool.at_once) as threads:
        found = list(threads.map(lambda it: pool.time_in_turn({"it": it}, HOW)["it"], files))
    for number, timing in enumerate(found):
        assert timing.median_ms == known_ms(MARK + bytes([number]), 0)
    assert all(agent.runs > 0 for agent in agents)
    assert sum(agent.runs for agent in agents) == 4


def test_a_board_that_dies_gives_its_work_to_the_others(
    agents: list[Agent], boards: list[Board], tmp_path: Path
) -> None:
    pool = Pool(boards)
    agents[0].kill()
    files = [program(tmp_path, it) for it in range(5)]
    for it, one in zip(files, together(pool, files), strict=True):
        assert isinstance(one, Inspection)
        assert one.call_ms == known_ms(it.file.read_bytes(), 0)


def test_a_program_that_fails_takes_no_other_with_it(boards: list[Board], tmp_path: Path) -> None:
    files = [program(tmp_path, it, "crash" if it == 1 else "fp32") for it in range(4)]
    found = together(Pool(boards), files)
    assert [isinstance(one, MeasurementError) for one in found] == [False, True, False, False]


def test_what_was_found_stays_when_no_board_is_left(
    agents: list[Agent], boards: list[Board], tmp_path: Path
) -> None:
    pool = Pool(boards[:1])
    before = together(pool, [program(tmp_path, 0)])
    agents[0].kill()
    after = together(pool, [program(tmp_path, 1), program(tmp_path, 2)])
    assert isinstance(before[0], Inspection)
    for one in after:
        assert isinstance(one, BoardError)
        assert "no board is left" in str(one)


def test_programs_are_run_on_a_board_in_portions(
    boards: list[Board], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MOST_SENT", 2 * 3 * 4)
    loaded = Pool(boards).load(program(tmp_path, 0), HOW)
    assert loaded.rows == 2
    given = np.arange(15, dtype=np.float32).reshape(5, 3)
    (found,) = loaded.run(given)
    np.testing.assert_array_equal(found, -given)
    assert found.dtype == np.float32


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
    assert Pool(boards).time_files({}, HOW) == {}
