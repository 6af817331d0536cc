"""
Work done at the same moment on real connections, one per thread.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


def together(works: Sequence[Callable[[], Answer]]) -> list[Answer | Exception]:
    """Start every work at once; return their answers, or the exceptions they raised, in order."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Answer]) -> Answer | Exception:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return work()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def failures(answers: Sequence[object]) -> list[Exception]:
    """Return the exceptions among the answers."""
    return [answer for answer in answers if isinstance(answer, Exception)]
