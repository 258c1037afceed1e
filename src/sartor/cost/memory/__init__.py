"""The memory that a network needs for what flows through it: orders, lifetimes and places."""

from sartor.cost.memory.layers import PlannedLayer, planned_layers, widest_layer
from sartor.cost.memory.live import Memory
from sartor.cost.memory.order import Order, best_order
from sartor.cost.memory.packing import Buffer, most_in_use, pack
from sartor.cost.memory.plan import Interpreter, MemoryPlan, plan_memory

__all__ = [
    "Buffer",
    "Interpreter",
    "Memory",
    "MemoryPlan",
    "Order",
    "PlannedLayer",
    "best_order",
    "most_in_use",
    "pack",
    "plan_memory",
    "planned_layers",
    "widest_layer",
]
