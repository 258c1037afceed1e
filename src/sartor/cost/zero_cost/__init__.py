"""What a network promises before it is trained: proxies that cost a batch, and plain counts.

Stands here and not in `nets`, since what is counted of designs is (`cost.designs`).
"""

from sartor.cost.zero_cost import proxies
from sartor.cost.zero_cost.estimate import zero_cost_estimate
from sartor.cost.zero_cost.protocol import ZERO_COST, ZeroCost

__all__ = ["ZERO_COST", "ZeroCost", "proxies", "zero_cost_estimate"]
