"""Boards: devices that run `sartor-agent`, reached by HTTP, ssh or adb, alone or as a pool."""

from sartor.targets.remote.addresses import is_board, open_board
from sartor.targets.remote.board import Board
from sartor.targets.remote.connection import Connection, Patience
from sartor.targets.remote.pool import Pool
from sartor.targets.remote.tokens import FILE as TOKENS

__all__ = ["TOKENS", "Board", "Connection", "Patience", "Pool", "is_board", "open_board"]
