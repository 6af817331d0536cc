"""Packages and a company's own deck reach the price of a call, from and to their moments."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import Customer, Subscription
from bench.world import number_of
from rating.models import PricedUsage
from tariffs import operations
from tariffs.domain.drafts import AllowanceDraft, BandDraft, RateDraft
from tests.integration.rating.night import NOW, Night, call

MOSCOW = ZoneInfo("Europe/Moscow")
ABROAD = "8109955551234"
ACTOR = "staff:1"


def caller(who: int = 0) -> Subscription:
    moment = datetime(2026, 11, 20, 10, tzinfo=MOSCOW)
    return accounts_queries.subscription_by_identifier(number_of(who), moment)


def amounts() -> dict[str, tuple[Decimal, int]]:
    """Amount and allowance by local start."""
    rows = PricedUsage.objects.order_by("started_at")
    return {
        f"{row.started_at.astimezone(MOSCOW):%H:%M}": (row.amount, row.allowance_id) for row in rows
    }


def abroad(*starts: str, who: int = 0) -> list[str]:
    return [
        call(who, dst=ABROAD, at=f"2026-11-20 {start}:00", id=f"{who}.{start}") for start in starts
    ]


def test_a_package_covers_while_it_is_held(night: Night) -> None:
    package = operations.create_package(code="world", name_ru="Мир", name_en="World")
    draft = operations.draft_package_version(
        package=package, fee=Decimal(100), on_sale_from=date(2026, 1, 1),
        allowances=[AllowanceDraft("voice", 3600, ("international",))],
    )  # fmt: skip
    version = operations.publish_package_version(version_id=draft.pk, now=NOW)
    taken = datetime(2026, 11, 20, 11, tzinfo=MOSCOW)
    held = accounts.add_package(
        subscription_id=caller().pk, package_version_id=version.pk, now=taken, actor=ACTOR
    )
    accounts.remove_package(assignment_id=held.pk, now=taken + timedelta(hours=1), actor=ACTOR)
    night.load(*abroad("10:00", "11:00", "12:00"), *abroad("11:30", who=1))
    found = amounts()
    allowance = version.allowances.get().pk
    connection_fee = Decimal("1.50")
    assert found["11:00"] == (connection_fee, allowance)
    assert {start for start, (_, used) in found.items() if used == allowance} == {"11:00"}
    assert found["10:00"] == found["12:00"] == found["11:30"]
    assert found["10:00"][0] > connection_fee
    plans = set(PricedUsage.objects.values_list("plan_version_id", flat=True))
    assert plans == {caller().plan_assignments.get().plan_version_id}


def test_a_company_is_priced_by_its_own_deck_from_its_day(night: Night) -> None:
    deck = operations.create_deck(code="own", name="own", usage_kind="voice")
    draft = operations.draft_deck_version(
        deck=deck, valid_from=date(2026, 1, 1), bands=[BandDraft("any", "Всегда", "Always")],
        rates=[RateDraft("any", Decimal("0.50"))],
    )  # fmt: skip
    operations.publish_deck_version(version_id=draft.pk, now=NOW)
    customer = caller().account.customer
    Customer.objects.filter(pk=customer.pk).update(kind="company")
    accounts.set_company_deck(
        customer_id=customer.pk, usage_kind="voice", deck=deck, active_from=date(2026, 11, 20),
        reason="договор", now=NOW, actor=ACTOR,
    )  # fmt: skip
    evening = call(dst=ABROAD, at="2026-11-19 23:59:00", id="eve")
    night.load(evening, *abroad("00:00"))
    found = {start: amount for start, (amount, _) in amounts().items()}
    assert found == {"23:59": Decimal("11.50"), "00:00": Decimal("0.50")}
