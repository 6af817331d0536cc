"""
Vouchers: series with their cards by state, a card by its secret's hash, wrong tries.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from accounts.domain.vouchers import WINDOW
from accounts.models import Voucher, VoucherAttempt, VoucherSeries
from billing_project.kernel.invariants import Invariant

GATEWAY: Final = "voucher"


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series with its cards by state; what is fresh in an expired series is lost to its buyers."""

    series: VoucherSeries
    fresh: int = 0
    redeemed: int = 0
    blocked: int = 0

    @property
    def made(self) -> int:
        """Cards there are."""
        return self.fresh + self.redeemed + self.blocked

    @property
    def outstanding(self) -> Decimal:
        """What the cards not yet used are worth: money that was taken for a promise."""
        return self.series.nominal * self.fresh

    @property
    def redeemed_sum(self) -> Decimal:
        """What came onto accounts."""
        return self.series.nominal * self.redeemed


def list_series() -> list[SeriesView]:
    """List all series, newest first, with their cards by state."""
    return [_view(series) for series in _counted().order_by("-pk")]


def get_series(series_id: int) -> SeriesView | None:
    """Return one series, or None."""
    series = _counted().filter(pk=series_id).first()
    return None if series is None else _view(series)


def list_asked_series() -> list[VoucherSeries]:
    """List the series that wait for a second person, oldest first."""
    asked = VoucherSeries.objects.filter(state=VoucherSeries.State.ASKED)
    return list(asked.select_related("approval").order_by("pk"))


def list_redeemed(*, series_id: int, before: int | None = None, limit: int = 50) -> list[Voucher]:
    """List the redeemed cards of a series with their payments, newest first."""
    rows = Voucher.objects.filter(series_id=series_id, payment__isnull=False)
    if before:
        rows = rows.filter(payment_id__lt=before)
    return list(rows.select_related("payment__account__customer").order_by("-payment_id")[:limit])


def find_card(*, series_id: int, serial: int) -> Voucher | None:
    """Find a card by the number printed on it."""
    found = Voucher.objects.filter(series_id=series_id, serial=serial)
    return found.select_related("series", "payment__account").first()


def find_by_hash(secret_hash: bytes) -> Voucher | None:
    """Find the card whose secret has this hash: one look into a unique index."""
    found = Voucher.objects.filter(secret_hash=secret_hash)
    return found.select_related("series", "payment").first()


def wrong_tries(subject: Q, *, now: datetime, limit: int) -> list[datetime]:
    """Return the moments of the latest wrong codes of a subject in the window, newest first."""
    rows = VoucherAttempt.objects.filter(subject, succeeded=False, tried_at__gt=now - WINDOW)
    return list(rows.order_by("-tried_at").values_list("tried_at", flat=True)[:limit])


def last_expiry() -> date | None:
    """Return the day before which the last active series is usable."""
    active = VoucherSeries.objects.filter(state=VoucherSeries.State.ACTIVE)
    found: date | None = active.aggregate(last=Max("valid_until"))["last"]
    return found


def _counted() -> "QuerySet[VoucherSeries]":
    states = {
        f"in_{state}": Count("vouchers", filter=Q(vouchers__state=state))
        for state in ("fresh", "redeemed", "blocked")
    }
    return VoucherSeries.objects.annotate(**states)


def _view(series: VoucherSeries) -> SeriesView:
    counts = {state: getattr(series, f"in_{state}") for state in ("fresh", "redeemed", "blocked")}
    return SeriesView(series=series, **counts)


REDEEMED_IS_PAID: Final = Invariant(
    name="a voucher is redeemed exactly once: by the payment of its nominal that names it",
    sql="""
        SELECT v.id, v.state, p.id AS payment, p.amount, s.nominal, p.external_id
          FROM accounts_voucher v
          JOIN accounts_voucherseries s ON s.id = v.series_id
          FULL JOIN (SELECT * FROM accounts_payment WHERE gateway = 'voucher') AS p
            ON p.id = v.payment_id
         WHERE (v.state = 'redeemed' AND p.id IS NULL) OR (p.id IS NOT NULL AND v.id IS NULL)
            OR p.amount <> s.nominal OR p.currency <> s.currency
            OR p.external_id <> s.code || '-' || lpad(
                v.serial::text, greatest(6, length(v.serial::text)), '0')
    """,
    why="A card brought money twice, or another sum, or was used up for nothing.",
)
SERIES_IS_WHOLE: Final = Invariant(
    name="a generated series has as many cards as it says",
    sql="""
        SELECT s.id, s.code, s.state, s.count, count(v.id) AS cards
          FROM accounts_voucherseries s LEFT JOIN accounts_voucher v ON v.series_id = s.id
         GROUP BY s.id
        HAVING count(v.id) <> CASE WHEN s.made_at IS NULL THEN 0 ELSE s.count END
    """,
    why="Cards were printed that are not known, or are known without having been ordered.",
)


def invariants() -> list[Invariant]:
    """Return the promises of vouchers."""
    return [REDEEMED_IS_PAID, SERIES_IS_WHOLE]
