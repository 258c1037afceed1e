"""The latency of networks on a device where only about ten were measured, other devices known."""

from sartor.cost.transfer.choice import choose
from sartor.cost.transfer.known import KnownDevices, learn
from sartor.cost.transfer.unseen import Interval, UnseenDevice, fit

__all__ = ["Interval", "KnownDevices", "UnseenDevice", "choose", "fit", "learn"]
