"""A deck out of a file prices the night's calls from its first day on."""

from datetime import date
from decimal import Decimal

from rating.models import PricedUsage
from tariffs import operations
from tariffs.models import PlanDeck, RateDeck
from tests.integration.rating.night import NOW, Night, call

EVENING, MORNING = "2026-11-19 23:59:58", "2026-11-20 00:00:00"


def deck_in_use() -> RateDeck:
    row = PlanDeck.objects.filter(usage_kind="voice", plan_version__published_at__isnull=False)
    return row.first().deck


def import_from(first: date, *, price: str, count: int = 60_000) -> None:
    lines = ["prefix;destination;class;price;first_increment"]
    lines += [
        f"{7_921_000_000 + number};Сеть {number // 30};international;{price};60"
        for number in range(count)
    ]
    lines += ["7921555;Дом;international;7,5;60", "*;*;international;99;60"]
    data = "\n".join(lines).encode()
    done = operations.import_deck(deck=deck_in_use(), data=data, valid_from=first)
    assert done.prefixes == count + 1
    operations.publish_deck_version(version_id=done.version.pk, now=NOW)


def test_an_imported_deck_prices_from_its_day(night: Night) -> None:
    import_from(date(2026, 11, 20), price="1")
    night.load(call(at=EVENING, id="before.1"), call(at=MORNING, id="after.1"))
    before, after = PricedUsage.objects.order_by("started_at")
    assert before.deck_version_id != after.deck_version_id
    assert after.amount == Decimal("7.50")
    assert before.amount != after.amount
    assert before.zone_id != after.zone_id


def test_numbers_that_no_line_leads_to_are_the_rest(night: Night) -> None:
    import_from(date(2026, 11, 20), price="1", count=100)
    night.load(call(dst="84951234567", id="rest.1"))
    priced = PricedUsage.objects.get()
    assert (priced.amount, priced.zone_id) == (Decimal(99), 0)
