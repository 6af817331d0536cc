"""
The same work for many pieces, on a few threads with a database connection each.

For pieces that share nothing: each is a transaction of its own, or several.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Final, TypeVar

from django.db import connection

#: How often it is looked what is done.
LOOK_SECONDS: Final = 0.1

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def side_by_side(
    work: Callable[[Piece], Answer], pieces: Sequence[Piece], *, lanes: int
) -> Iterator[Answer]:
    """
    Yield an answer per piece as they come; inside the caller's transaction one after the other.

    The first error ends it, once the pieces at work are through.
    """
    if connection.in_atomic_block or len(pieces) == 1:
        # There is one connection only.
        yield from map(work, pieces)
        return
    waiting, ready = deque(pieces), SimpleQueue[Answer]()
    lanes = min(lanes, len(pieces))
    with ThreadPoolExecutor(max_workers=max(lanes, 1)) as pool:
        running = {pool.submit(_lane, work, waiting, ready) for _ in range(lanes)}
        try:
            while running:
                ended, running = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_EXCEPTION)
                while not ready.empty():
                    yield ready.get()
                for lane in ended:
                    lane.result()
        finally:
            waiting.clear()


def _lane(
    work: Callable[[Piece], Answer], waiting: deque[Piece], ready: SimpleQueue[Answer]
) -> None:
    """Take piece after piece while there are any, on a connection of this thread's own."""
    try:
        while True:
            try:
                piece = waiting.popleft()
            except IndexError:
                return
            ready.put(work(piece))
    finally:
        connection.close()
