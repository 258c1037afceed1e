"""Boards that run the agent, as targets."""

import contextlib

from sartor.errors import OptionError
from sartor.targets.opening import TARGETS, Address
from sartor.targets.remote import Pool, open_board
from sartor.targets.target import Target

BETWEEN = ","
"""Stands between the addresses of equal boards."""


def boards(address: Address) -> Target:
    """Open one board, or several equal ones that work at the same time."""
    with contextlib.ExitStack() as opened:
        found = [
            opened.enter_context(
                open_board(it.strip(), tokens=address.tokens, certificate=address.certificate)
            )
            for it in address.text.split(BETWEEN)
        ]
        pool = Pool(found)
        if not 1 <= address.threads <= pool.cores:
            raise OptionError(
                f"threads is {address.threads}; allowed: 1 to {pool.cores}, the cores of "
                f"{address.text}."
            )
        on_cpu = {name: it for name, it in pool.runtimes.items() if it.device == "cpu"}
        formats = {name: it.formats for name, it in on_cpu.items()}
        target = Target(address.text, address.threads, on_cpu, pool, formats)
        opened.pop_all()  # they stay open until the target's place is closed
        return target


for scheme, example in {
    "http": "http://pi.local:8040",
    "https": "https://pi.local:8040",
    "ssh": "ssh://user@board",
    "adb": "adb:SERIAL",
}.items():
    TARGETS.register(scheme, f"A board that runs sartor-agent: {example}.")(boards)
