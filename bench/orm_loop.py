"""
The baseline: usage priced one record at a time through the ORM, as a plain Django project does it.

It is honest in what it leaves out: no splitting of calls at bands, no suspense, calls only.
"""

import csv
import time
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models.functions import Length

from accounts.models import IdentifierUse, PlanAssignment
from accounts.models.ledger import AccountBalance
from rating.models import AllowanceUse, PricedUsage, UsageSource
from tariffs.models import PlanDeck, Rate, ZonePrefix, ZoneTerms

ZONE = ZoneInfo("Europe/Moscow")
BATCH = 2**40
KEY = 2**62


def price_slice(folder: Path, count: int) -> float:
    """Price so many answered calls, and return the seconds."""
    path = min((folder / "msc-1").iterdir())
    with path.open() as stream:
        rows = (row for row in csv.reader(stream) if len(row) > 14 and row[14] == "ANSWERED")
        lines = list(islice(rows, count))
    source = UsageSource.objects.get(code="msc-1")
    began = time.perf_counter()
    for place, row in enumerate(lines):
        _price(row, source, place)
    return time.perf_counter() - began


def _number(text: str) -> str:
    if text.startswith("+"):
        return text[1:]
    if text.startswith("810"):
        return text[3:]
    return f"7{text[1:]}" if len(text) == 11 and text[0] == "8" else text


def _price(row: list[str], source: UsageSource, place: int) -> None:
    number, seconds = _number(row[2]), int(row[13])
    started_at = datetime.strptime(row[10], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    open_end = models.Q(active_to__isnull=True) | models.Q(active_to__gt=started_at)
    use = IdentifierUse.objects.filter(open_end, value=row[1], active_from__lte=started_at)
    used_by = use.select_related("subscription").first()
    if used_by is None or seconds < 0:
        return
    subscription = used_by.subscription
    known = PricedUsage.objects.filter(account_id=subscription.account_id, started_at=started_at)
    if known.filter(source_id=source.pk, record_key=KEY + place).exists():
        return
    plan = PlanAssignment.objects.filter(
        open_end, subscription=subscription, active_from__lte=started_at
    ).first()
    prefixes = ZonePrefix.objects.filter(prefix__in=[number[:i] for i in range(1, 9)])
    prefix = prefixes.select_related("zone").order_by(-Length("prefix")).first()
    if plan is None or prefix is None:
        return
    deck = PlanDeck.objects.select_related("deck").get(
        plan_version_id=plan.plan_version_id, usage_kind="voice"
    )
    version = deck.deck.versions.filter(valid_from__lte=started_at.date()).first()
    if version is None:
        return
    rate = Rate.objects.get(
        deck_version=version, zone_class=prefix.zone.zone_class, band__code=_band(started_at)
    )
    terms = ZoneTerms.objects.filter(deck_version=version, zone__isnull=True).get()
    billed = -(-seconds // terms.next_increment) * terms.next_increment
    with transaction.atomic():
        covered = _use_allowance(plan, prefix.zone.zone_class, billed=billed, month=202611)
        exact = rate.price * (billed - covered) / rate.unit + rate.connection_fee
        amount = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        PricedUsage.objects.create(
            account_id=subscription.account_id,
            started_at=started_at,
            source_id=source.pk,
            record_key=KEY + place,
            batch_id=BATCH,
            file_id=0,
            subscription_id=subscription.pk,
            kind=1,
            other_number=int(number),
            zone_id=prefix.zone_id,
            band_id=rate.band_id,
            plan_version_id=plan.plan_version_id,
            deck_version_id=version.pk,
            quantity=seconds,
            billed=billed,
            allowance_used=covered,
            amount=amount,
        )
        balance = AccountBalance.objects.select_for_update(no_key=True).get(
            pk=subscription.account_id
        )
        balance.money -= amount
        balance.save()


def _band(started_at: datetime) -> str:
    if started_at.isoweekday() > 5:
        return "weekend"
    return "day" if 8 <= started_at.hour < 20 else "evening"


def _use_allowance(plan: PlanAssignment, zone_class: str, *, billed: int, month: int) -> int:
    allowance = plan.plan_version.allowances.filter(usage_kind="voice").first()
    if allowance is None or zone_class not in allowance.zone_classes:
        return 0
    use, _ = AllowanceUse.objects.select_for_update(no_key=True).get_or_create(
        account_id=plan.account_id,
        subscription_id=plan.subscription_id,
        allowance_id=allowance.pk,
        period=month * 100 + 1,
        defaults={"granted": allowance.amount},
    )
    covered = min(billed, use.granted - use.used)
    use.used += covered
    use.save()
    return covered
