"""Whether bfloat16 pays."""

import torch
from torch import Tensor, nn

from sartor.train import half_pays, step_seconds
from sartor.train.precision import is_dense


def test_the_stopwatch_decides() -> None:
    """A clock that runs slower or faster inside of autocast stands for the two kinds of device."""
    now = [0.0]

    def network_taking(half: float) -> nn.Module:
        class Network(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = nn.Linear(2, 2)

            def forward(self, x: Tensor) -> Tensor:
                now[0] += half if torch.is_autocast_enabled("cpu") else 1.0
                out: Tensor = self.layer(x)
                return out

        return Network()

    def pays(half: float) -> bool:
        return half_pays(step_seconds(network_taking(half), torch.randn(3, 2), lambda: now[0]))

    assert pays(0.5)
    assert not pays(0.95)
    assert not pays(3.0)


def test_depthwise_convolutions_are_not_dense() -> None:
    assert is_dense(nn.Sequential(nn.Conv2d(4, 8, 3), nn.Linear(2, 2)).modules())
    assert not is_dense(nn.Sequential(nn.Conv2d(4, 8, 3, groups=4)).modules())
