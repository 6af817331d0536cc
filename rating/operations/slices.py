"""
Slices of a batch: priced by the core, and laid out as the rows that are written.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from billing_project.kernel import binary_copy
from rating.domain.allowances import AllowanceCounters
from rating.domain.charges import Charges, added_up
from rating.domain.counters import change_of
from rating.domain.covers import covers_of
from rating.domain.engine import price_columns
from rating.domain.intake import Intake
from rating.domain.suspense import OF_PRICING
from rating.domain.usage import Bools, Ints, PricedColumns, Reason
from rating.operations.problems import Problem
from rating.queries.catalogue import Catalogue

#: Large enough to be worth its transaction, small enough for several to be in memory at once.
SLICE_ROWS: Final = 100_000

Column = tuple[str, str, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class PricedSlice:
    """Rows as they are written, in the order of the unique key, and what goes with them."""

    rows: list[Column]
    covers: list[Column]
    charges: Charges
    uses: AllowanceCounters
    problems: list[Problem]
    records: int

    @property
    def priced(self) -> int:
        """How many rows there are to write."""
        return len(self.rows[0][2])


@dataclass(slots=True)
class Pricer:
    """Prices slices in order of time and carries the allowances from one to the next."""

    catalogue: Catalogue
    counters: AllowanceCounters
    batch_id: int
    file_ids: Ints

    def among(self, wanted: Bools) -> "Pricer":
        """Return one that knows only some of the counters: enough for the accounts they are of."""
        return replace(self, counters=self.counters.some(wanted))

    def price(self, intake: Intake) -> PricedSlice:
        """Price one slice; the slices of an account must come in order of time."""
        usage = intake.usage()
        priced, self.counters = price_columns(
            usage, catalogue=self.catalogue.compiled, counters=self.counters
        )
        good = np.flatnonzero(priced.reason == Reason.PRICED)
        # They come by time and record key: by account on top of that is the unique key's order.
        rows = good[np.argsort(priced.account_id[good], kind="stable")]
        return PricedSlice(
            rows=self._columns(intake, priced, rows),
            covers=self._covers(intake, priced),
            charges=_charges(intake, priced, rows),
            uses=change_of(priced),
            problems=list(_problems(intake, priced)),
            records=len(intake),
        )

    def _columns(self, intake: Intake, priced: PricedColumns, rows: Ints) -> list[Column]:
        band_id = self.catalogue.band_ids(priced.deck_version_id[rows], priced.band[rows])
        return [
            ("account_id", "bigint", priced.account_id[rows]),
            ("started_at", "timestamptz", intake.started_at[rows]),
            ("record_key", "bigint", intake.record_key[rows]),
            ("batch_id", "bigint", np.full(len(rows), self.batch_id)),
            ("file_id", "bigint", self.file_ids[intake.file[rows]]),
            ("subscription_id", "bigint", priced.subscription_id[rows]),
            ("other_number", "bigint", intake.number_b[rows]),
            ("quantity", "bigint", intake.quantity[rows]),
            ("billed", "bigint", priced.billed_units[rows]),
            ("allowance_used", "bigint", priced.allowance_used[rows]),
            ("band_id", "integer", band_id),
            ("plan_version_id", "integer", priced.plan_version_id[rows]),
            ("deck_version_id", "integer", priced.deck_version_id[rows]),
            ("allowance_id", "integer", priced.allowance_id[rows]),
            ("source_id", "smallint", intake.source_id[rows]),
            ("kind", "smallint", intake.kind[rows]),
            ("zone_id", "smallint", priced.zone_id[rows]),
            ("amount", "money", priced.amount[rows]),
        ]

    def _covers(self, intake: Intake, priced: PricedColumns) -> list[Column]:
        covers = covers_of(priced)
        rows = covers.row
        return [
            ("account_id", "bigint", priced.account_id[rows]),
            ("started_at", "timestamptz", intake.started_at[rows]),
            ("record_key", "bigint", intake.record_key[rows]),
            ("batch_id", "bigint", np.full(len(rows), self.batch_id)),
            ("subscription_id", "bigint", priced.subscription_id[rows]),
            ("owner_id", "bigint", covers.owner_id),
            ("owner_account_id", "bigint", covers.owner_account_id),
            ("used", "bigint", covers.used),
            ("allowance_id", "integer", covers.allowance_id),
            ("period", "integer", covers.period),
            ("source_id", "smallint", intake.source_id[rows]),
        ]


def _charges(intake: Intake, priced: PricedColumns, rows: Ints) -> Charges:
    """Return what rows in the order of accounts charge."""
    kind, account_id = intake.kind[rows].astype(np.int64), priced.account_id[rows]
    return added_up(Charges(kind, account_id, priced.amount[rows], priced.subscription_id[rows]))


def _problems(intake: Intake, priced: PricedColumns) -> Iterator[Problem]:
    for row in np.flatnonzero(priced.reason != Reason.PRICED).tolist():
        yield Problem(
            file=int(intake.file[row]),
            line=int(intake.line[row]),
            reason=OF_PRICING[Reason(int(priced.reason[row]))],
            started_at=int(intake.started_at[row]),
        )


def copy_rows(rows: list[Column]) -> int:
    """Append priced rows; inside the caller's transaction."""
    return binary_copy.copy_in(table="rating_pricedusage", columns=rows)


def copy_covers(covers: list[Column]) -> None:
    """Append what rows don't tell of their covers; most slices have none."""
    if len(covers[0][2]):
        binary_copy.copy_in(table="rating_usagecover", columns=covers)
