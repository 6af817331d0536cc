"""Agents at one price list, one package, one service at the same moment: one is first, nobody is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from accounts import operations as accounts
from accounts.models import PackageAssignment, PlanAssignment, Subscription
from accounts.models.ledger import LedgerEntry
from invoicing import operations as invoicing
from invoicing.models import PlanChange
from tariffs import operations, queries
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import MoveRule, PackageVersion, Plan, Rate, RateDeck, RateDeckVersion
from tariffs.operations import editing
from tests.concurrency.test_billing_races import closing, wait_for_a_waiter
from tests.concurrency.together import Answer, failures, together
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    connect,
    make_account,
    make_plan,
    make_version,
)
from tests.integration.tariffs.catalogue import (
    JANUARY,
    NOW,
    draft_version,
    make_deck,
    make_published_package,
    make_zone,
)

pytestmark = pytest.mark.django_db(transaction=True)
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture
def deck() -> RateDeck:
    make_zone()
    return make_deck()


@pytest.fixture
def first(deck: RateDeck) -> RateDeckVersion:
    return publish(draft_version(deck).pk)


def publish(version_id: int) -> RateDeckVersion:
    return operations.publish_deck_version(version_id=version_id, now=NOW)


def correct(version: RateDeckVersion) -> RateDeckVersion:
    return editing.copy_deck_version(version_id=version.pk, valid_from=JANUARY, replaces=True)


def in_force(deck: RateDeck) -> list[tuple[date, date | None]]:
    rows = deck.versions.filter(published_at__isnull=False, replaced_at__isnull=True)
    return list(rows.order_by("valid_from").values_list("valid_from", "valid_to"))


def overtaken(done_first: Callable[[], object], late: Callable[[], Answer]) -> Answer:
    """Begin `late` while `done_first` is done and not committed yet; return its answer."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            done_first()
            answer = pool.submit(closing(late))
            wait_for_a_waiter()
        return answer.result()


def test_a_draft_is_published_by_one_of_two(deck: RateDeck) -> None:
    draft = draft_version(deck)
    answers = together([partial(publish, draft.pk)] * 2)
    assert [type(one) for one in failures(answers)] == [operations.UnableToPublishDeck]
    assert in_force(deck) == [(JANUARY, None)]


def test_a_version_is_replaced_by_one_of_two_corrections(first: RateDeckVersion) -> None:
    drafts = [correct(first), correct(first)]
    answers = together([partial(publish, draft.pk) for draft in drafts])
    assert [type(one) for one in failures(answers)] == [operations.UnableToPublishDeck]
    assert in_force(first.deck) == [(JANUARY, None)]
    published = RateDeckVersion.objects.filter(published_at__isnull=False)
    assert set(published) == {first, *(one for one in answers if isinstance(one, RateDeckVersion))}


@pytest.mark.parametrize("is_next_first", [True, False])
def test_a_correction_and_the_next_version_find_each_other(
    first: RateDeckVersion, is_next_first: bool
) -> None:
    coming = draft_version(first.deck, valid_from=MARCH).pk
    corrected = correct(first).pk
    order = [coming, corrected] if is_next_first else [corrected, coming]
    overtaken(partial(publish, order[0]), partial(publish, order[1]))
    assert in_force(first.deck) == [(JANUARY, MARCH), (MARCH, None)]
    replaced = RateDeckVersion.objects.get(replaced_at__isnull=False)
    assert (replaced, RateDeckVersion.objects.get(pk=corrected).valid_to) == (first, MARCH)


def test_a_version_that_is_being_replaced_is_not_closed_in_its_place(
    first: RateDeckVersion,
) -> None:
    corrected = correct(first).pk
    with pytest.raises(operations.UnableToCloseDeckVersion):
        overtaken(
            partial(publish, corrected),
            lambda: operations.close_deck_version(version_id=first.pk, valid_to=MARCH),
        )
    assert in_force(first.deck) == [(JANUARY, None)]


def test_closing_does_not_reach_into_a_version_that_is_being_published(
    first: RateDeckVersion,
) -> None:
    coming = draft_version(first.deck, valid_from=FEBRUARY).pk
    with pytest.raises(operations.UnableToCloseDeckVersion):
        overtaken(
            partial(publish, coming),
            lambda: operations.close_deck_version(version_id=first.pk, valid_to=MARCH),
        )
    assert in_force(first.deck) == [(JANUARY, FEBRUARY), (FEBRUARY, None)]


def test_a_price_edited_while_its_draft_is_published_is_refused(deck: RateDeck) -> None:
    draft = draft_version(deck)
    rate = Rate.objects.get(deck_version=draft, price=Decimal(20))
    rate.price = Decimal(2000)
    with pytest.raises(editing.UnableToEdit):
        overtaken(
            partial(publish, draft.pk),
            lambda: editing.save_rate(version=draft, rate=rate, steps=[]),
        )
    assert Rate.objects.get(pk=rate.pk).price == 20


def test_what_is_checked_is_what_the_last_edit_left(deck: RateDeck) -> None:
    draft = draft_version(deck)
    everything_else = Rate.objects.get(deck_version=draft, price=Decimal("1.50"))
    with pytest.raises(operations.UnableToPublishDeck):
        overtaken(
            lambda: editing.remove_part(version=draft, row=everything_else),
            partial(publish, draft.pk),
        )
    assert in_force(deck) == []


def test_a_draft_discarded_meanwhile_is_not_published(deck: RateDeck) -> None:
    draft = draft_version(deck)
    discard = partial(editing.discard_draft, version=draft)
    with pytest.raises(RateDeckVersion.DoesNotExist):
        overtaken(discard, partial(publish, draft.pk))


def test_a_correction_begun_under_its_publication_waits_for_it(first: RateDeckVersion) -> None:
    rival = correct(first).pk
    second = overtaken(partial(publish, rival), partial(correct, first))
    with pytest.raises(operations.UnableToPublishDeck):
        publish(second.pk)
    assert in_force(first.deck) == [(JANUARY, None)]


def test_versions_of_a_package_copied_at_once_are_numbered_one_by_one() -> None:
    old, new = make_published_package(), make_published_package()
    copies = together(
        [
            partial(editing.copy_package_version, version_id=one.pk, on_sale_from=MARCH)
            for one in (old, new, old)
        ]
    )
    assert failures(copies) == []
    numbers = PackageVersion.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5]


def test_prices_read_while_a_correction_is_published_are_old_or_new(first: RateDeckVersion) -> None:
    corrected = correct(first).pk
    seen: list[int] = []

    def read() -> None:
        for _ in range(20):
            [(version,)] = queries.load_decks().values()
            assert {band.code for band in version.bands} == {"any", "day"}
            assert len(version.rates) == 3
            seen.append(version.version_id)

    assert failures(together([read, read, partial(publish, corrected)])) == []
    assert set(seen) <= {first.pk, corrected}


@pytest.fixture
def service() -> Subscription:
    return connect(make_account(), make_version("310"))


def agree(service: Subscription, version_id: int) -> PlanChange:
    return invoicing.schedule(
        subscription_id=service.pk,
        plan_version_id=version_id,
        on=JANUARY,
        now=at(JANUARY),
        actor=ACTOR,
    )


def test_two_changes_agreed_at_once_are_one_and_cost_once(service: Subscription) -> None:
    operations.set_move_rule(fee_up=Decimal(50))
    versions = [make_version("620").pk, make_version("930").pk]
    answers = together([partial(agree, service, version) for version in versions])
    assert [type(one) for one in failures(answers)] == [invoicing.UnableToChangePlan]
    change = PlanChange.objects.get()
    assert change.plan_version_id in versions
    assert list(LedgerEntry.objects.values_list("ref", "amount")) == [(change.pk, -50)]


def test_a_change_cancelled_by_two_is_given_back_once(service: Subscription) -> None:
    operations.set_move_rule(fee_up=Decimal(50))
    change = agree(service, make_version("620").pk)
    cancel = partial(invoicing.cancel, change_id=change.pk, now=at(JANUARY), actor=ACTOR)
    answers = together([cancel, cancel])
    assert [type(one) for one in failures(answers)] == [invoicing.UnableToChangePlan]
    assert sorted(LedgerEntry.objects.values_list("amount", flat=True)) == [-50, 50]


def test_a_change_is_executed_or_cancelled(service: Subscription) -> None:
    change = agree(service, make_version("620").pk)
    execute = partial(invoicing.execute_due, business_date=FEBRUARY, now=at(FEBRUARY))
    cancel = partial(invoicing.cancel, change_id=change.pk, now=at(FEBRUARY), actor=ACTOR)
    executed, cancelled = together([execute, cancel])
    change.refresh_from_db()
    plans = PlanAssignment.objects.filter(subscription=service).count()
    if change.state == PlanChange.State.EXECUTED:
        assert (executed, plans) == (1, 2)
        assert isinstance(cancelled, invoicing.UnableToChangePlan)
    else:
        assert (executed, plans, change.state) == (0, 1, PlanChange.State.CANCELLED)


def test_a_subscriber_who_chooses_while_everybody_is_moved_has_one_change(
    service: Subscription,
) -> None:
    former = service.plan_assignments.get().plan_version
    coming = make_version("410", plan=former.plan, effect="move", moves_on=MARCH)
    own = make_version("620").pk
    move = partial(
        invoicing.move_to_new_version,
        plan_version_id=coming.pk,
        business_date=JANUARY,
        now=at(JANUARY),
        actor=ACTOR,
    )
    moved, agreed = together([move, partial(agree, service, own)])
    assert not isinstance(moved, Exception)
    scheduled = PlanChange.objects.get(state="scheduled")
    if isinstance(agreed, Exception):
        # The move was written first and not committed yet: the subscriber may ask again, and wins.
        assert isinstance(agreed, invoicing.UnableToChangePlan)
        scheduled = agree(service, own)
    assert (scheduled.plan_version_id, scheduled.is_move) == (own, False)
    assert PlanChange.objects.filter(state="scheduled").count() == 1


def test_a_package_sold_while_the_plan_moves_away_from_it_is_refused(
    service: Subscription,
) -> None:
    former, other = Plan.objects.get(), make_version("620", plan=make_plan())
    package = make_published_package(
        allowances=[AllowanceDraft("data", 2**30)], plans=[former], on_sale_from=JANUARY
    )
    asked = at(FEBRUARY)
    move = partial(
        accounts.set_plan,
        subscription_id=service.pk,
        plan_version_id=other.pk,
        active_from=asked + timedelta(seconds=1),
        now=asked + timedelta(seconds=1),
        actor=ACTOR,
    )
    sell = partial(
        accounts.add_package,
        subscription_id=service.pk,
        package_version_id=package.pk,
        now=asked,
        actor=ACTOR,
    )
    with pytest.raises(accounts.UnableToAddPackage):
        overtaken(move, sell)
    assert not PackageAssignment.objects.exists()


def test_a_package_sold_first_ends_with_the_plan(service: Subscription) -> None:
    former, other = Plan.objects.get(), make_version("620", plan=make_plan())
    package = make_published_package(plans=[former], on_sale_from=JANUARY)
    moment = at(FEBRUARY)
    sell = partial(
        accounts.add_package,
        subscription_id=service.pk,
        package_version_id=package.pk,
        now=moment,
        actor=ACTOR,
    )
    move = partial(
        accounts.set_plan,
        subscription_id=service.pk,
        plan_version_id=other.pk,
        active_from=moment + timedelta(hours=1),
        now=moment + timedelta(hours=1),
        actor=ACTOR,
    )
    overtaken(sell, move)
    assert PackageAssignment.objects.get().active_to == moment + timedelta(hours=1)


def test_a_package_is_sold_once_to_two_who_ask(service: Subscription) -> None:
    package = make_published_package(on_sale_from=JANUARY)
    sell = partial(
        accounts.add_package,
        subscription_id=service.pk,
        package_version_id=package.pk,
        now=at(FEBRUARY),
        actor=ACTOR,
    )
    answers = together([sell, sell])
    assert [type(one) for one in failures(answers)] == [accounts.UnableToAddPackage]
    assert PackageAssignment.objects.count() == 1


def test_rules_of_moves_written_at_once_are_one() -> None:
    write = partial(operations.set_move_rule, fee_up=Decimal(50))
    assert failures(together([write, write])) == []
    assert MoveRule.objects.count() == 1
