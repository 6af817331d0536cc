"""
The pieces of a batch priced and written side by side: no two of them share an account.

Each of a few threads takes piece after piece: reads it from disk, prices it and writes it in a
transaction of its own, so that one prices while the others wait for the database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from billing_project.kernel.lanes import side_by_side
from rating.domain.shards import Shards
from rating.domain.usage import Bools
from rating.operations import writing
from rating.operations.gathering import Gathered
from rating.operations.problems import Problem
from rating.operations.slices import Pricer

#: Told how many records are done, of how many.
Progress = Callable[[int, int], None]
#: Two processes of the database at work while a third piece is priced.
WRITERS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What has to be priced, and by what."""

    usage: Gathered
    pricer: Pricer
    shards: Shards
    slice_rows: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """What became of a range of shards."""

    records: int
    problems: list[Problem]


def price_all(work: Work, *, progress: Progress | None = None) -> None:
    """Price and write all pieces; the first error ends it, once those at work are through."""
    done = work.usage.done
    total = done + work.usage.to_price
    ranges = work.usage.pieces(rows=work.slice_rows)
    # Once for all pieces: there may be a counter or more per subscriber.
    shard = work.shards.of_accounts(work.pricer.counters.account_id)

    def price(shards: tuple[int, int]) -> _Piece:
        first, stop = shards
        return _price(work, shards, (shard >= first) & (shard < stop))

    for piece in side_by_side(price, ranges, lanes=WRITERS):
        work.usage.problems.add(piece.problems)
        done += piece.records
        if progress:
            progress(done, total)


def _price(work: Work, shards: tuple[int, int], counters: Bools) -> _Piece:
    """Price some shards by their counters; more records than a slice holds are cut by time."""
    intake = work.usage.read(*shards)
    pricer = work.pricer.among(counters)
    problems: list[Problem] = []
    # A piece is a little larger than a slice; twice the size is one account's, or a few accounts'.
    size = 2 * work.slice_rows
    for start in range(0, len(intake), size):
        ready = pricer.price(intake.part(start, start + size))
        with transaction.atomic():
            writing.write_slice(pricer.batch_id, ready, granted=pricer.catalogue.granted)
            writing.keep_charges(pricer.batch_id, ready.charges)
        problems += ready.problems
    return _Piece(len(intake), problems)
