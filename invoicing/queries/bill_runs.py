"""
Bill runs: whom to draft, what was billed last month, totals, what is unusual, what is parked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.models import F
from django.db.models.functions import Abs, Coalesce

from accounts.models import LegalEntity
from billing_project.kernel.money import ZERO
from invoicing.domain.bill_runs import BANDS, FLAGS, Limits
from invoicing.models import BillingPolicy, BillRun, DraftBill, ParkedBill
from invoicing.queries.billing import CYCLE_ENDS_ON, FIRST_OPEN, LAST_BILL, NOT_PARKED

#: Outliers shown at once.
PAGE: Final = 100

TO_DRAFT: Final = f"""
    SELECT a.id FROM accounts_account a
      JOIN accounts_contract c ON c.id = a.contract_id {LAST_BILL} {FIRST_OPEN}
     WHERE c.legal_entity_id = %(entity)s
       AND a.id >= %(account_from)s AND a.id < %(account_to)s AND {NOT_PARKED}
       AND {CYCLE_ENDS_ON} <= %(business_date)s
       AND NOT EXISTS (SELECT 1 FROM invoicing_draftbill d
                        WHERE d.account_id = a.id AND d.run_id = %(run)s)
     ORDER BY a.id LIMIT %(limit)s
"""
FORMER: Final = """
    SELECT a.id, b.gross FROM unnest(%s::bigint[]) AS a (id)
      JOIN LATERAL (SELECT gross FROM invoicing_bill b
                     WHERE b.account_id = a.id AND b.replaces_id IS NULL
                     ORDER BY period_start DESC LIMIT 1) b ON true
"""
TOTALS: Final = """
    SELECT CASE WHEN bill_id IS NULL THEN state ELSE 'issued' END, count(*), sum(gross), sum(tax), sum(closing),
           sum(coalesce(former_gross, 0)), count(*) FILTER (WHERE former_gross IS NULL)
      FROM invoicing_draftbill WHERE run_id = %s GROUP BY 1
"""
FLAGGED: Final = """
    SELECT flag, count(*), sum(gross), sum(coalesce(former_gross, 0))
      FROM invoicing_draftbill, unnest(string_to_array(flags, ',')) AS flag
     WHERE run_id = %s AND flags <> '' GROUP BY flag
"""
# The bands of domain.bill_runs.band_of; tests prove them equal.
_BAND: Final = """
    CASE WHEN coalesce(former_gross, 0) <= 0 THEN %(new)s
    ELSE {steps} END
""".format(
    steps=" + ".join(
        f"((gross - former_gross) * 100 / former_gross {'>' if band > 0 else '>='} {band})::int"
        for band in BANDS
    )
)
DISTRIBUTION: Final = f"""
    SELECT {_BAND} AS band, count(*), sum(gross) FROM invoicing_draftbill
     WHERE run_id = %(run)s GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class StateSum:
    """Drafts of one state: how many, what they charge, what was charged last month."""

    drafts: int = 0
    gross: Decimal = ZERO
    tax: Decimal = ZERO
    closing: Decimal = ZERO
    former: Decimal = ZERO
    new: int = 0


@dataclass(frozen=True, slots=True)
class RunTotals:
    """Figures of a run, by state of its drafts and by what is unusual."""

    by_state: dict[str, StateSum]
    flagged: dict[str, tuple[int, Decimal, Decimal]]

    @property
    def all(self) -> StateSum:
        """Every draft of the run."""
        sums = self.by_state.values()
        return StateSum(
            drafts=sum(each.drafts for each in sums),
            gross=sum((each.gross for each in sums), ZERO),
            tax=sum((each.tax for each in sums), ZERO),
            closing=sum((each.closing for each in sums), ZERO),
            former=sum((each.former for each in sums), ZERO),
            new=sum(each.new for each in sums),
        )


@dataclass(frozen=True, slots=True)
class Band:
    """Bills whose change against last month lies in one band; the last is «no bill last month»."""

    place: int
    bills: int
    gross: Decimal


def list_accounts_to_draft(
    run: BillRun, *, account_from: int, account_to: int, limit: int
) -> list[int]:
    """Return the first accounts of a range whose cycle closed and that have no draft in the run."""
    values: dict[str, Any] = {
        "entity": run.legal_entity_id,
        "run": run.pk,
        "business_date": run.business_date,
        "account_from": account_from,
        "account_to": account_to,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(TO_DRAFT, values)
        return [row[0] for row in cursor.fetchall()]


def former_gross(account_ids: Sequence[int]) -> dict[int, Decimal]:
    """Return what the last bill of each account charged; accounts without one are left out."""
    with connection.cursor() as cursor:
        cursor.execute(FORMER, [list(account_ids)])
        return dict(cursor.fetchall())


def policy_of(legal_entity_id: int) -> BillingPolicy:
    """Return how a legal entity's bills go out; the default if nobody said."""
    found = BillingPolicy.objects.filter(legal_entity_id=legal_entity_id).first()
    return found or BillingPolicy(legal_entity_id=legal_entity_id)


def list_reviewed() -> list[BillingPolicy]:
    """Return the legal entities whose bills a person looks through."""
    return list(BillingPolicy.objects.exclude(review=BillingPolicy.Review.NEVER).order_by("pk"))


def list_entities() -> list[tuple[LegalEntity, BillingPolicy]]:
    """Return every legal entity with how its bills go out."""
    return [(each, policy_of(each.pk)) for each in LegalEntity.objects.order_by("pk")]


def limits_of(run: BillRun) -> Limits:
    """Return from where on a change is unusual in the run."""
    return Limits(percent=run.percent, money=run.money)


def find_open_run(legal_entity_id: int) -> BillRun | None:
    """Return the run of the legal entity that isn't issued or cancelled yet."""
    states = [BillRun.State.DRAFTING, BillRun.State.DRAFT, BillRun.State.APPROVED]
    found: BillRun | None = BillRun.objects.filter(
        legal_entity_id=legal_entity_id, state__in=states
    ).first()
    return found


def list_runs(*, before: int = 0, limit: int = 30) -> list[BillRun]:
    """Return runs, newest first."""
    runs = BillRun.objects.select_related("legal_entity").order_by("-pk")
    return list((runs.filter(pk__lt=before) if before else runs)[:limit])


def list_unfinished(state: str) -> list[int]:
    """Return the runs in a state, oldest first."""
    return list(BillRun.objects.filter(state=state).order_by("pk").values_list("pk", flat=True))


def get_totals(run_id: int) -> RunTotals:
    """Return the figures of a run: two looks at its drafts."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, [run_id])
        by_state = {state: StateSum(*rest) for state, *rest in cursor.fetchall()}
        cursor.execute(FLAGGED, [run_id])
        flagged = {flag: (count, gross, was) for flag, count, gross, was in cursor.fetchall()}
    return RunTotals(by_state, {flag: flagged[flag] for flag in FLAGS if flag in flagged})


def get_distribution(run_id: int) -> list[Band]:
    """Return how many bills changed by how much against last month."""
    with connection.cursor() as cursor:
        cursor.execute(DISTRIBUTION, {"run": run_id, "new": len(BANDS) + 1})
        return [Band(*row) for row in cursor.fetchall()]


def list_outliers(run_id: int, *, flag: str = "", limit: int = PAGE) -> list[DraftBill]:
    """Return the drafts with something unusual, the largest differences in money first."""
    rows = DraftBill.objects.filter(run_id=run_id).exclude(flags="")
    if flag in FLAGS:
        rows = rows.filter(flags__contains=flag)
    rows = rows.annotate(difference=F("gross") - Coalesce(F("former_gross"), ZERO))
    found = rows.select_related("account__customer").order_by(Abs("difference").desc(), "account")
    return list(found[:limit])


def has_flags(run_id: int) -> bool:
    """Whether anything in the run is unusual or parked."""
    rows = DraftBill.objects.filter(run_id=run_id)
    return rows.exclude(flags="").exists() or rows.filter(state="parked").exists()


def list_parked(*, after: int = 0, limit: int = PAGE) -> list[ParkedBill]:
    """Return the accounts that are parked, in the order they were."""
    rows = ParkedBill.objects.filter(released_at__isnull=True, pk__gt=after)
    return list(rows.select_related("account__customer").order_by("pk")[:limit])


def find_parked(parked_id: int) -> ParkedBill | None:
    """Return an account that is parked, or None."""
    rows = ParkedBill.objects.select_related("account__customer")
    found: ParkedBill | None = rows.filter(pk=parked_id, released_at__isnull=True).first()
    return found
