"""
Records drawn by lot, cut into files by lot, loaded in any order: shared minutes with caps, money,
weekly, daily and once granted volume, prices of the month. The books are those of one file.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from accounts import operations as accounts_operations
from accounts.models import Customer, Subscription
from bench import world
from bench.world import MIB, Operator
from rating import operations
from rating.domain.rerating import Selection
from rating.models import PricedUsage, RerateLine, RerateRun, RunningTotal, UsageCover
from rating.operations.limits import add_member, open_group
from rating.operations.rerating import ranges, runs
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import AllowanceDraft, BandDraft, RateDraft, TermsDraft
from tariffs.models import PlanVersion, PriceModel, RateDeck
from tests import people
from tests.integration.rating.books import Books, books, differences, forgotten
from tests.integration.rating.night import DAY, NOW, Night, call
from tests.integration.rating.test_order import HEADER, afresh, broken
from tests.integration.rating.test_rerating import correct_voice

pytestmark = pytest.mark.django_db
NUMBERS = ("79219990001", "79219990002", "79219990003")
BEFORE = datetime(2026, 10, 20, tzinfo=people.MOSCOW)
GRADUATED = {
    "ranges": [
        {"up_to": 20, "unit_price": "3"},
        {"up_to": None, "unit_price": "1"},
    ]
}


def monthly_messages() -> RateDeck:
    """Messages that cost less and less in a month."""
    deck = tariffs_operations.create_deck(code="monthly", name="monthly", usage_kind="sms")
    draft = tariffs_operations.draft_deck_version(
        deck=deck,
        valid_from=date(2026, 1, 1),
        bands=[BandDraft("any", "Всегда", "Always")],
        rates=[RateDraft("any", Decimal(0), unit=1)],
        terms=[TermsDraft(first_increment=1, next_increment=1)],
    )
    model = PriceModel.objects.create(
        deck_version=draft, code="m", kind="graduated", terms=GRADUATED, is_monthly=True
    )
    draft.rates.update(model=model)
    tariffs_operations.publish_deck_version(version_id=draft.pk, now=people.NOON)
    return deck


def plan(code: str, messages: RateDeck, *allowances: AllowanceDraft) -> PlanVersion:
    """A plan with the operator's calls and data, and messages by the month."""
    decks = {kind: RateDeck.objects.get(code=kind) for kind in ("voice", "data")}
    version = tariffs_operations.draft_plan_version(
        plan=tariffs_operations.create_plan(
            code=code, name_ru=code, name_en=code, service="mobile"
        ),
        fee=Decimal(0),
        on_sale_from=date(2026, 1, 1),
        decks={**decks, "sms": messages},
        allowances=allowances,
    )
    return tariffs_operations.publish_plan_version(version_id=version.pk, now=people.NOON)


def service(customer: Customer, number: str, version: PlanVersion) -> Subscription:
    """An active mobile service on an account of its own."""
    accounts_operations.add_pool_numbers(kind="msisdn", values=[number])
    who = {"now": BEFORE - timedelta(days=40), "actor": people.CLERK}
    made = accounts_operations.order_service(
        account=people.open_account(customer, kind="postpaid"),
        service="mobile",
        plan_version=version,
        identifiers=[("msisdn", number)],
        **who,
    )
    accounts_operations.activate_service(subscription_id=made.pk, **who)
    return made


@pytest.fixture
def family(operator: Operator) -> list[Subscription]:
    """A mother with everything, shared with two children who have a little of their own."""
    messages = monthly_messages()
    mother = plan(
        "mother",
        messages,
        AllowanceDraft("voice", 1500, ("local",), is_shared=True, priority=5),
        AllowanceDraft("voice", 900, ("local", "long_distance"), recurrence="week"),
        AllowanceDraft("voice", 3000, ("long_distance",), is_money=True),
        AllowanceDraft("data", 30 * MIB, recurrence="day", priority=3),
        AllowanceDraft("data", 100 * MIB, recurrence="once"),
    )
    child = plan("child", messages, AllowanceDraft("voice", 300, ("local",)))
    customer = people.person("Смирнова", "Алиса")
    found = [
        service(customer, number, version)
        for number, version in zip(NUMBERS, (mother, child, child), strict=True)
    ]
    who = {"now": BEFORE - timedelta(days=30), "actor": people.CLERK}
    group = open_group(owner_id=found[0].pk, name="Семья", **who)
    add_member(group_id=group.pk, subscription_id=found[1].pk, cap_voice=700, **who)
    add_member(group_id=group.pk, subscription_id=found[2].pk, cap_voice=None, **who)
    return found


def drawn(seed: int, count: int = 60) -> list[tuple[str, str]]:
    """Records of three weeks over the end of a month: (source, line)."""
    draw = Random(seed)
    found = []
    for place in range(count):
        at = datetime(2026, 10, 24) + timedelta(seconds=draw.randrange(16 * 86_400))
        number = draw.choice(NUMBERS)
        kind = draw.choice(["voice", "voice", "voice", "sms", "data"])
        if kind == "voice":
            to = draw.choice(["89215557777", "+79031234567"])
            line = call(
                src=number, dst=to, at=str(at), seconds=str(draw.randrange(900)), id=f"v{place}"
            )
            found.append(("msc-1", line))
        else:
            units = draw.randrange(1, 9) if kind == "sms" else draw.randrange(60 * MIB)
            other = "79031234567" if kind == "sms" else ""
            moment = f"{at:%Y-%m-%dT%H:%M:%S}+03:00"
            found.append(("csv-1", f"x{place},{kind},{number},{moment},{units},{other},"))
    return found


def load(night: Night, records: list[tuple[str, str]]) -> None:
    """Load records as the files of one night."""
    for source in ("msc-1", "csv-1"):
        lines = [line for of, line in records if of == source]
        if lines:
            path = night.bring(*lines, source=source)
            if source == "csv-1":
                path.write_text("\n".join([HEADER, *lines, ""]))
    report = night.price()
    operations.post_batch(batch_id=report.batch_id, now=NOW)
    assert report.suspended == 0, report.suspense


def books_of(night: Night, files: list[list[tuple[str, str]]]) -> Books:
    night = afresh(night)
    with forgotten():
        for records in files:
            load(night, records)
        assert broken() == set()
        if len(files) > 1:
            assert PricedUsage.objects.filter(revision__gt=0).exists()
        return books()


def test_the_world_is_hard_enough(night: Night, family: list[Subscription]) -> None:
    load(night, drawn(1))
    assert UsageCover.objects.exists()
    assert RunningTotal.objects.filter(meter=1).exists()
    assert RunningTotal.objects.filter(meter=2).exists()
    assert PricedUsage.objects.filter(amount__gt=0, allowance_used__gt=0).exists()
    assert broken() == set()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_cut_in_any_order_gives_the_books_of_one_file(
    night: Night, family: list[Subscription], seed: int
) -> None:
    records = drawn(seed)
    expected = books_of(night, [records])
    draw = Random(seed)
    for _cut in range(2):
        shuffled = draw.sample(records, len(records))
        ends = sorted(draw.sample(range(1, len(records)), 3))
        files = [shuffled[a:b] for a, b in zip([0, *ends], [*ends, None], strict=True)]
        found = books_of(night, files)
        assert differences(found, expected) == {}


def settled(found: Books) -> Books:
    """The books without the versions that priced: what came out the same keeps the old one."""
    in_force = [(*row[:11], row[12]) for row in found["in force"]]
    return {**found, "in force": in_force}


def rerate(selection: Selection, *, request: str = "r") -> RerateRun:
    """Price anew, and apply it."""
    run = runs.start_rerating(
        selection=selection, reason="x", request_id=request, actor="staff:1", now=NOW
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    runs.approve_rerating(
        run_id=run.pk, limit=Decimal(10**6), business_date=DAY, actor="staff:1", now=NOW
    )
    return runs.go_on_rerating(run_id=run.pk, now=NOW)


@pytest.mark.parametrize("seed", [4, 5])
def test_priced_anew_it_is_as_if_the_right_prices_had_been_there(
    night: Night, family: list[Subscription], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other prices, and other increments, which take other parts of the allowances."""
    monkeypatch.setattr(ranges, "AT_ONCE", 1)
    terms = [replace(world._voice_terms()[0], first_increment=180, next_increment=30)]
    terms.append(world._voice_terms()[1])
    records = drawn(seed)
    with forgotten():
        correct_voice("3", terms=terms)
        load(afresh(night), records)
        expected = settled(books())
    with forgotten():
        load(afresh(night), records)
        before = books()
        correct_voice("3", terms=terms)
        run = rerate(Selection(date(2026, 10, 1), date(2026, 12, 1)))
        assert set(RerateLine.objects.values_list("outcome", flat=True)) == {"applied"}
        assert differences(settled(books()), expected) == {}
        assert differences(books(), before) != {}
        assert broken() == set()
        assert run.state == "applied"


def test_one_member_priced_anew_takes_the_group_along(
    night: Night, family: list[Subscription]
) -> None:
    load(night, drawn(6))
    correct_voice("3")
    child = family[1].account_id
    rerate(Selection(date(2026, 10, 1), date(2026, 12, 1), account_ids=(child,)))
    changed = set(PricedUsage.objects.filter(revision__gt=0).values_list("account_id", flat=True))
    assert child in changed
    assert changed <= {member.account_id for member in family}
    assert broken() == set()
