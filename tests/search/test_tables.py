"""The published tables say what their authors say."""

import numpy as np
import pytest

from tables import CELLS, CELLS_FILE, OFA, OFA_FOLDER, OfaTable, read_cells, skip_without

pytestmark = pytest.mark.data


def test_every_cell_of_nasbench201_is_there() -> None:
    skip_without(CELLS_FILE)
    designs, columns = read_cells()
    assert len(set(designs)) == CELLS.count() == 15625
    # Dong and Yang 2020, table 5: the best network has 94.37 % on CIFAR-10, 73.51 % on CIFAR-100.
    assert 100 * columns["cifar10"].max() == pytest.approx(94.37, abs=0.01)
    assert 100 * columns["cifar100"].max() == pytest.approx(73.51, abs=0.01)


def test_the_ofa_table_knows_its_whole_space() -> None:
    skip_without(OFA_FOLDER)
    table = OfaTable.read()
    # Cai et al. 2020, section 3.1: (9^2 + 9^3 + 9^4)^5, about 2 x 10^19, for each input size.
    assert OFA.count() == (9**2 + 9**3 + 9**4) ** 5 * 5
    accuracy, latency_ms = table.measure([OFA.extreme(0), OFA.extreme(-1)])
    # On images that the paper kept from the training set, which are easier than ImageNet's own.
    assert 0.7 < accuracy[0] < 0.78 < 0.82 < accuracy[1] < 0.86
    assert latency_ms[0] < 20 < 60 < latency_ms[1]


def test_blocks_that_are_not_there_cost_and_count_nothing() -> None:
    skip_without(OFA_FOLDER)
    table = OfaTable.read()
    genes = OFA.coding.drawn(50, np.random.default_rng(0))
    filled = np.where(OFA.coding.active(genes), genes, 2)
    for one, other in zip(table.look_up(genes), table.look_up(filled), strict=True):
        np.testing.assert_array_equal(one, other)
