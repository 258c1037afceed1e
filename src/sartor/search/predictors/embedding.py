"""A network that embeds designs, as it learns first what is free of them and then what is not."""

import copy
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import huber_loss, mse_loss

from sartor.search.protocol import Numbers
from sartor.space import Encoded

HIDDEN, EMBEDDED = 64, 32
RATE, DECAY = 0.01, 0.01
"""Of AdamW."""
PASSES, BATCH = 40, 128
"""Over the designs of which something is free, and how many are seen at once."""
HELD, LOOSE = 50, 100
"""Steps on all trials at once: with the embedding held fast, and then of everything."""
SLOWER = 0.3
"""Share of the rate at which a pretrained network learns once it is loose."""


class Embedding:
    """Numbers that describe a design, from which what is free of it can be read linearly.

    Args:
        x: Designs, (n, features).
        free: Which features are free: learned from the others, (features,).
        seed: 0 or more.

    Source:
        Dai et al. 2021, arXiv:2006.02049, section 4.1. Differs: two layers of 64 and 32 units, and
        the squares of errors of standardised numbers.
    """

    def __init__(self, x: Numbers, free: npt.NDArray[np.bool_], seed: int) -> None:
        self.seen = ~free
        """Which features the network sees."""
        self.scaled = _Scaled(x[:, self.seen])
        inputs, targets = self.scaled(x[:, self.seen]), _Scaled(x[:, free])(x[:, free])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.body = _body(inputs.shape[1])
            head = nn.Linear(EMBEDDED, targets.shape[1]).double()
            network = nn.Sequential(self.body, head)
            parts = _shuffled(len(x))
            _fit(
                network,
                lambda: _off(network, inputs, targets, next(parts)),
                PASSES * -(-len(x) // BATCH),
                RATE,
            )


class Tuned:
    """A network that goes on from an embedding, with the calls of scikit-learn.

    Args:
        embedding: What was learned before, or None to begin with nothing.
        seed: 0 or more.

    Source:
        Dai et al. 2021, arXiv:2006.02049, section 4.1 and its supplement: the embedding is held
        fast first, then the whole network learns at a lower rate, by Huber's loss.
    """

    def __init__(self, embedding: Embedding | None, seed: int) -> None:
        self._embedding, self._seed = embedding, seed

    def fit(self, x: Numbers, y: Numbers) -> "Tuned":
        """Learn trials, (n, features), of which (n,) was measured, in units of their spread."""
        known = self._embedding
        self._seen = np.ones(x.shape[1], bool) if known is None else known.seen
        self._scaled = _Scaled(x) if known is None else known.scaled
        inputs, targets = self._scaled(x[:, self._seen]), torch.from_numpy(y)[:, None]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            body = _body(inputs.shape[1]) if known is None else copy.deepcopy(known.body)
            head = nn.Linear(EMBEDDED, 1).double()
        self._network = nn.Sequential(body, head)
        if known is not None:
            embedded = body(inputs).detach()
            _fit(head, lambda: huber_loss(head(embedded), targets), HELD, RATE)
        rate = RATE if known is None else SLOWER * RATE
        _fit(self._network, lambda: huber_loss(self._network(inputs), targets), LOOSE, rate)
        return self

    def predict(self, x: Encoded) -> Numbers:
        """Predict designs, (n, features)."""
        with torch.no_grad():
            found: Numbers = self._network(self._scaled(x[:, self._seen]))[:, 0].numpy()
        return found


class _Scaled:
    """Brings features to zero mean and unit variance, those that never vary to zero."""

    def __init__(self, x: Numbers) -> None:
        self._centre, spread = x.mean(axis=0), x.std(axis=0)
        self._unit = np.where(spread > 1e-9, spread, np.inf)

    def __call__(self, x: Encoded) -> Float[Tensor, "n features"]:
        return torch.from_numpy((np.asarray(x, float) - self._centre) / self._unit)


def _body(features: int) -> nn.Sequential:
    # Doubles, so that the order of sums matters little and a resumed search finds the same.
    layers = [nn.Linear(features, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, EMBEDDED), nn.SiLU()]
    return nn.Sequential(*layers).double()


def _shuffled(count: int) -> Iterator[Tensor]:
    while True:
        yield from torch.split(torch.randperm(count), BATCH)


def _off(network: nn.Module, inputs: Tensor, targets: Tensor, rows: Tensor) -> Tensor:
    return mse_loss(network(inputs[rows]), targets[rows])


def _fit(network: nn.Module, loss: Callable[[], Tensor], steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=DECAY, fused=True)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
