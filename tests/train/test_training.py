"""Training: resumed equals unbroken, schedules, the sandwich, norms and threads."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from sartor.errors import BudgetError, DataError
from sartor.nets import Supernet, mobile
from sartor.train import (
    Budget,
    Recipe,
    Sandwich,
    Threads,
    Training,
    correct,
    distillation,
    estimate_norms_,
    run,
    taught,
)

FAMILY = mobile(resolution=16, channels=1, classes=3)


def fetch(step: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(step)
    labels = torch.randint(0, 3, (12,), generator=rng)
    images = torch.randn(12, 1, 16, 16, generator=rng) + labels[:, None, None, None]
    return images.contiguous(memory_format=torch.channels_last), labels


def begin() -> tuple[Training, Sandwich]:
    torch.manual_seed(0)
    supernet = Supernet(FAMILY).to(memory_format=torch.channels_last)
    training = Training(supernet, Recipe(batch=12))
    return training, Sandwich(supernet, fetch, FAMILY.draw, 0, 0.1, half=False)


def test_a_resumed_training_equals_an_unbroken_one() -> None:
    whole, gradients = begin()
    run(whole, gradients, Budget(steps=8))
    first, gradients = begin()
    for step in range(4):
        first.advance(gradients, step / 8)
    tensors = {name: value.clone() for name, value in first.tensors().items()}
    second, gradients = begin()
    second.restore(tensors, {"step": first.step, "seconds": 1.0})
    run(second, gradients, Budget(steps=8))
    for name, value in whole.tensors().items():
        assert torch.equal(value, second.tensors()[name]), name


def test_a_seed_gives_the_same_weights_twice() -> None:
    results = []
    for _ in range(2):
        training, gradients = begin()
        run(training, gradients, Budget(steps=5))
        results.append(torch.cat([p.flatten() for p in training.model.parameters()]))
    assert torch.equal(*results)


def test_a_sandwich_trains_every_design() -> None:
    training, gradients = begin()
    run(training, gradients, Budget(steps=60))
    training.wear_average_()
    supernet = training.model
    assert isinstance(supernet, Supernet)
    for design in (FAMILY.smallest(), FAMILY.largest()):
        network = supernet.cut(design)
        size = FAMILY.resolution(design)
        prepared = [(x, y) for x, y in map(fetch, range(1000, 1008))]
        small = [(nn.functional.interpolate(x, (size, size)), y) for x, y in prepared]
        estimate_norms_(network, (x for x, _ in small))
        right, total = correct(network, small)
        assert right / total > 0.6, design


def test_the_largest_runs_every_second_step_and_the_smallest_every_eighth() -> None:
    training, gradients = begin()
    ran: list[int] = []
    supernet = training.model
    assert isinstance(supernet, Supernet)
    wear = supernet.wear
    largest, smallest = FAMILY.largest(), FAMILY.smallest()

    def spy(design: object) -> object:
        ran.append((design == largest) - (design == smallest))
        return wear(design)  # type: ignore[arg-type]

    supernet.wear = spy  # type: ignore[method-assign,assignment]
    counts = []
    for step in range(10):
        ran.clear()
        training.advance(gradients, step / 10)
        counts.append(sum(ran))
    assert counts == [1, -1, 1, 0, 1, 0, 1, 0, 1, -1]


def test_labels_that_diverge_are_said() -> None:
    training, _ = begin()
    with pytest.raises(DataError, match="diverged at step 0"):
        training.advance(lambda _, __: torch.tensor(math.nan), 0.5)


@given(st.floats(0, 1))
def test_the_rate_climbs_and_falls_as_a_cosine(share: float) -> None:
    recipe = Recipe(learning_rate=0.2, batch=64, warmup=0.1)
    assert recipe.top == pytest.approx(0.1)
    factor = recipe.schedule(share)
    assert 0 <= factor <= 1 + 1e-9
    if share > 0.1:
        done = (share - 0.1) / 0.9
        assert factor == pytest.approx(0.5 * (1 + math.cos(math.pi * done)))


def test_a_budget_counts_earlier_sessions() -> None:
    now = [0.0]
    budget = Budget(seconds=10, spent=4, clock=lambda: now[0])
    assert budget.share(0) == pytest.approx(0.4)
    now[0] = 3.0
    assert budget.elapsed() == pytest.approx(7)
    now[0] = 30.0
    assert budget.share(0) == 1.0
    assert Budget(steps=8).share(2) == 0.25
    with pytest.raises(BudgetError):
        Budget()


def test_norms_are_plain_means_over_the_batches() -> None:
    norm = nn.BatchNorm2d(2)
    batches = [torch.randn(8, 2, 3, 3) * 3 + 1 for _ in range(4)]
    estimate_norms_(nn.Sequential(norm), batches)
    means = torch.stack([batch.mean((0, 2, 3)) for batch in batches]).mean(0)
    spreads = torch.stack([batch.var((0, 2, 3)) for batch in batches]).mean(0)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, means)
    torch.testing.assert_close(norm.running_var, spreads)
    assert not norm.training
    assert norm.momentum == 0.1


def test_distillation_is_smallest_where_student_and_teacher_agree() -> None:
    teacher = torch.tensor([[2.0, 0.0, -1.0]])
    entropy = -(teacher.softmax(1) * teacher.log_softmax(1)).sum()
    torch.testing.assert_close(distillation(teacher, teacher), entropy)
    assert distillation(-teacher, teacher) > entropy
    hot = distillation(torch.zeros(1, 3), teacher, temperature=4.0)
    torch.testing.assert_close(hot, torch.tensor(16 * math.log(3)))


def test_a_teacher_takes_its_share_of_the_loss() -> None:
    student, labels, teacher = torch.randn(5, 3), torch.randint(0, 3, (5,)), torch.randn(5, 3)
    hard = nn.functional.cross_entropy(student, labels)
    soft = distillation(student, teacher)
    mixed = taught(student, labels, teacher, smoothing=0.1, trust=0.25)
    torch.testing.assert_close(mixed, 0.75 * hard + 0.25 * soft)


def test_threads_follow_the_stopwatch() -> None:
    now, used = [0.0], [2]
    cost = {1: 1.0, 2: 0.5}
    threads = Threads(2, clock=lambda: now[0], use=lambda count: used.__setitem__(0, count))

    def steps(count: int) -> None:
        for _ in range(count):
            now[0] += cost[used[0]]
            threads.step(cost[used[0]])

    steps(100)
    assert threads.current == 2
    cost[2] = 4.0  # another process takes one of the cores
    steps(100)
    assert threads.current == 1
    cost[2] = 0.5
    steps(100)
    assert threads.current == 2
    cost[2] = 4.0
    while used[0] == 2:
        steps(1)
    threads.give_back()
    assert used[0] == 2  # or the next training would know of one thread only


def test_drawn_architectures_are_of_the_space() -> None:
    rng = np.random.default_rng(0)
    designs = [FAMILY.draw(rng) for _ in range(50)]
    assert all(design in FAMILY.space for design in designs)
    assert len(set(designs)) > 45


def test_a_budget_of_which_nothing_is_left_is_used_up() -> None:
    """A run that goes on late may have no second left for a stage."""
    assert Budget(seconds=0.0).share(0) == 1.0
    assert Budget(seconds=-1.0).share(3) == 1.0
