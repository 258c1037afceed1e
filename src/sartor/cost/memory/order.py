"""In which order operations need the least memory."""

import heapq
from dataclasses import dataclass

from sartor.cost.memory.live import Memory

MOST_STATES = 50_000
"""Sets of operations that the exact search looks at before it gives up."""
BEAM = 256
"""Sets of operations of one size that the search in width keeps."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order of all operations, and what it needs."""

    places: tuple[int, ...]
    peak_bytes: int
    exact: bool
    """No order needs less."""


def best_order(memory: Memory, most_states: int = MOST_STATES, beam: int = BEAM) -> Order:
    """Return the order with the lowest peak of live bytes: the stored one where none is better.

    Exact where no more than `most_states` sets of operations need less than the best order: they
    are visited by the peak that they need at least, so that the first complete one is the best.
    Otherwise the best that a search in width finds.

    Source:
        Ahn et al. 2020, SERENITY, arXiv:2003.02369 (orders as paths through sets of operations that
        were run). Differs: best first in place of a soft budget.
    """
    stored = tuple(range(memory.count))
    peak = max(memory.profile(stored), default=memory.start)
    found = _best_first(memory, peak, most_states)
    if found is not None:
        return found
    wide = _in_width(memory, beam)
    return wide if wide.peak_bytes < peak else Order(stored, peak, exact=False)


def _best_first(memory: Memory, stored_peak: int, most_states: int) -> Order | None:
    """Visit sets of operations, those that need least first; None where there are too many."""
    least = {0: memory.start}
    came: dict[int, tuple[int, int]] = {}  # set -> the set before, the operation between them
    visited: set[int] = set()
    # Of equal peaks the fullest set first: it is nearest to the end.
    heap = [(memory.start, 0, 0, memory.start)]
    while heap[0][0] < stored_peak:
        peak, _, done, live = heapq.heappop(heap)
        if done == memory.everything:
            return Order(_path(came, done), peak, exact=True)
        if done in visited:
            continue
        visited.add(done)
        if len(visited) > most_states:
            return None
        for place in memory.ready(done):
            after = done | 1 << place
            while_running, left = memory.run(done, live, place)
            reached = max(peak, while_running)
            if reached < least.get(after, stored_peak + 1):
                least[after], came[after] = reached, (done, place)
                heapq.heappush(heap, (reached, -after.bit_count(), after, left))
    return Order(tuple(range(memory.count)), stored_peak, exact=True)


def _in_width(memory: Memory, beam: int) -> Order:
    """Keep the sets of each size that need least so far, and of these that hold least."""
    level: dict[int, tuple[int, int, tuple[int, ...]]] = {0: (memory.start, memory.start, ())}
    for _ in range(memory.count):
        following: dict[int, tuple[int, int, tuple[int, ...]]] = {}
        for done, (peak, live, path) in level.items():
            for place in memory.ready(done):
                while_running, left = memory.run(done, live, place)
                reached = (max(peak, while_running), left, (*path, place))
                after = done | 1 << place
                if after not in following or reached < following[after]:
                    following[after] = reached
        kept = heapq.nsmallest(beam, following.items(), key=lambda it: it[1])
        level = dict(kept)
    peak, _, path = level[memory.everything]
    return Order(path, peak, exact=False)


def _path(came: dict[int, tuple[int, int]], done: int) -> tuple[int, ...]:
    places = []
    while done:
        done, place = came[done]
        places.append(place)
    return tuple(reversed(places))
