"""Re-rating: seen first, approved, applied as reversals and new prices, undone; never twice."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from accounts.domain.kinds import Kind
from accounts.models.ledger import LedgerEntry
from bench import world
from bench.world import BEGAN, Operator, number_of
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import Approval
from billing_project.kernel.operations import UnableToDecide
from rating import operations, queries
from rating.domain.rerating import Selection, WrongSelection
from rating.models import AllowanceUse, PricedUsage, RerateLine, RerateRun, UsageBatch
from rating.operations.rerating import runs
from rating.operations.rerating.runs import UnableToRerate
from rating.queries import rerate_runs
from tariffs import operations as tariffs_operations
from tariffs.models import RateDeckVersion
from tests.integration.rating.books import books, differences
from tests.integration.rating.night import DAY, NOW, Night, call

COUNTRY = {"dst": "+79031234567"}
NOVEMBER = Selection(date(2026, 11, 1), date(2026, 12, 1))
AGENT, BOSS = "staff:1", "staff:2"


def correct_voice(factor: str = "2", **changes: Any) -> RateDeckVersion:
    """Replace the voice deck's version by one whose prices are so many times as high."""
    old = RateDeckVersion.objects.get(deck__code="voice", replaced_at__isnull=True)
    rates = [replace(rate, price=rate.price * Decimal(factor)) for rate in world._voice_rates()]
    draft = tariffs_operations.draft_deck_version(
        deck=old.deck,
        valid_from=old.valid_from,
        bands=[world.DAY, world.EVENING, world.WEEKEND],
        rates=rates,
        terms=changes.get("terms", world._voice_terms()),
        replaces=old,
    )
    return tariffs_operations.publish_deck_version(version_id=draft.pk, now=BEGAN)


def start(selection: Selection = NOVEMBER, *, request: str = "r1", actor: str = AGENT) -> RerateRun:
    """Ask for a run and compute its preview."""
    run = runs.start_rerating(
        selection=selection, reason="Wrong prices", request_id=request, actor=actor, now=NOW
    )
    return runs.go_on_rerating(run_id=run.pk, now=NOW)


def approve(run: RerateRun, *, limit: str = "1000000", actor: str = AGENT) -> RerateRun:
    """Approve within the limit and apply."""
    runs.approve_rerating(
        run_id=run.pk, limit=Decimal(limit), business_date=DAY, actor=actor, now=NOW
    )
    return runs.go_on_rerating(run_id=run.pk, now=NOW)


def lines(run: RerateRun) -> list[tuple[str, str, str]]:
    """Old, new and difference of each account."""
    found = RerateLine.objects.filter(run=run).order_by("account_id")
    return [(str(row.old_amount), str(row.new_amount), str(row.difference)) for row in found]


def money() -> Decimal:
    return LedgerEntry.objects.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def broken() -> set[str]:
    return {item.name for item in queries.invariants() if find_violations(item)}


@pytest.fixture
def november(night: Night) -> Night:
    """Three people's calls: to the country, an hour at home and more, one abroad."""
    night.load(
        call(id="a", **COUNTRY),
        call(id="b", seconds="3600", at="2026-11-20 11:00:00"),
        call(id="c", seconds="60", at="2026-11-20 12:00:00"),
        call(1, id="d", **COUNTRY, seconds="120"),
        call(2, id="e", dst="112", seconds="600"),
    )
    return night


def test_a_preview_says_who_pays_what_and_charges_nothing(november: Night) -> None:
    correct_voice()
    before = books()
    run = start()
    assert run.state == "previewed"
    assert (run.accounts, run.done) == (3, 3)
    assert lines(run) == [("4.65", "9.30", "4.65"), ("6.90", "13.80", "6.90")]
    total = rerate_runs.total_of_run(run.pk)
    assert (total.accounts, total.changed, total.failed) == (2, 3, 0)
    assert (total.difference, total.size) == (Decimal("11.55"), Decimal("11.55"))
    assert differences(books(), before) == {}
    assert not UsageBatch.objects.filter(rerate_run=run).exists()


def test_what_is_applied_is_what_was_seen_and_is_posted_once(november: Night) -> None:
    correct_voice()
    run = approve(start())
    assert (run.state, run.batch.state if run.batch else "") == ("applied", "posted")
    posted = LedgerEntry.objects.filter(kind=Kind.USAGE_CORRECTION)
    assert sorted(str(entry.amount) for entry in posted) == ["-4.65", "-6.90"]
    assert {entry.ref for entry in posted} == {run.batch_id}
    after = books()
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    assert differences(books(), after) == {}
    assert AllowanceUse.objects.get().used == 3600
    assert broken() == set()
    again = start(request="again")
    assert lines(again) == []


def test_links_old_and_new(november: Night) -> None:
    correct_voice()
    run = approve(start())
    [mine] = [row for row in PricedUsage.objects.filter(revision=2) if str(row.amount) == "13.80"]
    history = queries.list_revisions(mine)
    assert [(row.revision, str(row.amount)) for row in history] == [
        (2, "13.80"),
        (1, "-6.90"),
        (0, "6.90"),
    ]
    assert {row.batch_id for row in history if row.revision} == {run.batch_id}
    [shown] = queries.list_usage(account_id=mine.account_id)
    assert shown.revision == 2
    assert queries.explain_usage([shown])[0].agrees


@pytest.mark.parametrize(
    ("narrowed", "accounts"),
    [
        ({}, 3),
        ({"kinds": (2,)}, 0),
        ({"first": date(2026, 10, 1), "end": date(2026, 11, 1)}, 0),
        ({"zone_ids": ("country",)}, 2),
        ({"plan_ids": ("mobile",)}, 3),
        ({"plan_ids": ("internet",)}, 0),
        ({"deck_version_ids": ("voice",)}, 3),
        ({"account_ids": (1,)}, 1),
    ],
)
def test_a_selection_narrows_what_is_priced_anew(
    november: Night, operator: Operator, narrowed: dict[str, Any], accounts: int
) -> None:
    from tariffs.models import Zone

    known = {
        "zone_ids": lambda code: Zone.objects.get(code=code).pk,
        "plan_ids": lambda code: getattr(operator, code).plan_id,
        "deck_version_ids": lambda code: RateDeckVersion.objects.get(deck__code=code).pk,
        "account_ids": lambda place: operator.accounts[place].pk,
    }
    values = {
        name: tuple(known[name](one) for one in value) if name in known else value
        for name, value in narrowed.items()
    }
    selection = replace(NOVEMBER, **values)
    assert Selection.from_json(selection.as_json()) == selection
    assert rerate_runs.count_selection(selection).accounts == accounts
    if not accounts:
        with pytest.raises(UnableToRerate):
            start(selection)


def test_one_account_pays_anew_and_the_others_do_not(november: Night, operator: Operator) -> None:
    correct_voice()
    run = approve(start(replace(NOVEMBER, account_ids=(operator.accounts[1].pk,))))
    assert lines(run) == [("6.90", "13.80", "6.90")]
    changed = PricedUsage.objects.filter(revision__gt=0).values_list("account_id", flat=True)
    assert set(changed) == {operator.accounts[1].pk}


def test_where_allowances_are_used_the_whole_month_is_priced_anew(november: Night) -> None:
    """Calls at home count by ten minutes now: the hour included is gone sooner."""
    terms = [replace(world._voice_terms()[0], first_increment=600, next_increment=600)]
    correct_voice("1", terms=[*terms, world._voice_terms()[1]])
    november.load(call(id="before", seconds="30", at="2026-11-20 09:00:00"))
    run = approve(start())
    assert RerateRun.objects.get(pk=run.pk).state == "applied"
    assert AllowanceUse.objects.get().used == 3600
    assert broken() == set()


def test_an_account_that_changed_since_the_preview_is_left_out(november: Night) -> None:
    correct_voice()
    run = start()
    november.load(call(id="new", **COUNTRY, at="2026-11-20 15:00:00"))
    run = approve(run)
    outcomes = RerateLine.objects.filter(run=run).order_by("account_id")
    assert [line.outcome for line in outcomes] == ["stale", "applied"]
    assert LedgerEntry.objects.filter(kind=Kind.USAGE_CORRECTION).count() == 1
    rest = runs.rest_of_rerating(run_id=run.pk, request_id="rest", actor=AGENT, now=NOW)
    rest = approve(runs.go_on_rerating(run_id=rest.pk, now=NOW))
    assert [line.outcome for line in RerateLine.objects.filter(run=rest)] == ["applied"]
    assert broken() == set()


def test_catalogue_that_changed_since_the_preview_is_not_applied(november: Night) -> None:
    correct_voice()
    run = start()
    correct_voice("3")
    run = approve(run)
    assert set(RerateLine.objects.values_list("outcome", flat=True)) == {"stale"}
    assert not PricedUsage.objects.filter(revision__gt=0).exists()


def test_beyond_the_limit_a_second_person_approves(november: Night) -> None:
    correct_voice()
    run = start()
    asked = runs.approve_rerating(
        run_id=run.pk, limit=Decimal("11.54"), business_date=DAY, actor=AGENT, now=NOW
    )
    assert isinstance(asked, Approval)
    assert (asked.kind, asked.amount) == ("rerating", Decimal("11.55"))
    with pytest.raises(UnableToRerate, match=r"втор|second"):
        runs.approve_rerating(
            run_id=run.pk, limit=Decimal(99), business_date=DAY, actor=AGENT, now=NOW
        )
    with pytest.raises(UnableToDecide):
        runs.approve_asked_rerating(approval_id=asked.pk, business_date=DAY, actor=AGENT, now=NOW)
    assert money() == Decimal("-11.55")
    runs.approve_asked_rerating(approval_id=asked.pk, business_date=DAY, actor=BOSS, now=NOW)
    run = runs.go_on_rerating(run_id=run.pk, now=NOW)
    assert (run.state, run.approved_by) == ("applied", BOSS)
    assert money() == Decimal("-23.10")


def test_what_is_refused_is_cancelled(november: Night) -> None:
    correct_voice()
    run = start()
    asked = runs.approve_rerating(
        run_id=run.pk, limit=Decimal(0), business_date=DAY, actor=AGENT, now=NOW
    )
    assert (
        runs.refuse_asked_rerating(approval_id=asked.pk, actor=BOSS, now=NOW).state == "cancelled"
    )
    assert runs.go_on_rerating(run_id=run.pk, now=NOW).state == "cancelled"
    assert not PricedUsage.objects.filter(revision__gt=0).exists()


def test_a_run_given_up_takes_its_question_with_it(november: Night) -> None:
    correct_voice()
    run = start()
    asked = runs.approve_rerating(
        run_id=run.pk, limit=Decimal(0), business_date=DAY, actor=AGENT, now=NOW
    )
    runs.cancel_rerating(run_id=run.pk, actor=AGENT, now=NOW)
    assert Approval.objects.get(pk=asked.pk).state == "refused"
    with pytest.raises(UnableToRerate):
        runs.cancel_rerating(run_id=run.pk, actor=AGENT, now=NOW)


def test_undoing_puts_every_price_back(november: Night) -> None:
    before = books()
    terms = [replace(world._voice_terms()[0], first_increment=600, next_increment=600)]
    correct_voice("2", terms=[*terms, world._voice_terms()[1]])
    run = approve(start())
    changed = books()
    assert changed["balances"] != before["balances"]
    undo = runs.start_undoing(run_id=run.pk, reason="", request_id="u", actor=AGENT, now=NOW)
    undo = approve(runs.go_on_rerating(run_id=undo.pk, now=NOW))
    assert undo.state == "applied"
    assert differences(books(), before) == {}
    assert broken() == set()
    with pytest.raises(UnableToRerate):
        runs.start_undoing(run_id=run.pk, reason="", request_id="v", actor=AGENT, now=NOW)


def test_undoing_leaves_alone_what_was_priced_again_since(november: Night) -> None:
    correct_voice()
    run = approve(start())
    correct_voice("3")
    approve(start(request="second"))
    settled = books()
    undo = runs.start_undoing(run_id=run.pk, reason="", request_id="u", actor=AGENT, now=NOW)
    undo = approve(runs.go_on_rerating(run_id=undo.pk, now=NOW))
    assert set(RerateLine.objects.filter(run=undo).values_list("outcome", flat=True)) == {"stale"}
    assert differences(books(), settled) == {}


def test_the_same_request_is_the_same_run(november: Night) -> None:
    assert start().pk == start().pk


def test_a_reason_and_a_period_are_needed(november: Night) -> None:
    with pytest.raises(UnableToRerate):
        runs.start_rerating(selection=NOVEMBER, reason=" ", request_id="x", actor=AGENT, now=NOW)
    with pytest.raises(WrongSelection):
        Selection(date(2026, 11, 1), date(2026, 11, 1))


def test_the_night_does_not_price_the_batch_of_a_run(november: Night) -> None:
    correct_voice()
    run = start()
    runs.approve_rerating(run_id=run.pk, limit=Decimal(99), business_date=DAY, actor=AGENT, now=NOW)
    november.load(call(id="z", at="2026-11-20 18:00:00"))
    assert queries.list_batches(state="open") == []
    run = runs.go_on_rerating(run_id=run.pk, now=NOW)
    assert run.state == "applied"
    assert operations.open_batch(business_date=DAY, now=NOW) != run.batch_id


def test_pages_of_accounts_and_their_distribution(
    november: Night, operator: Operator, django_assert_max_num_queries: Any
) -> None:
    correct_voice()
    run = start()
    first = rerate_runs.list_lines(run.pk, limit=1)
    [second] = rerate_runs.list_lines(
        run.pk, after=(first[0].difference, first[0].account_id), limit=1
    )
    assert (str(first[0].difference), str(second.difference)) == ("4.65", "6.90")
    found = rerate_runs.list_lines(run.pk, number=operator.accounts[1].number)
    assert [line.account_id for line in found] == [operator.accounts[1].pk]
    with django_assert_max_num_queries(1):
        buckets = rerate_runs.distribution_of_run(run.pk)
    assert [(b.low, b.high, b.accounts) for b in buckets if b.accounts] == [(0, 10, 2)]


def test_as_many_questions_for_ten_accounts_as_for_one(
    night: Night, django_assert_max_num_queries: Any
) -> None:
    night.load(*(call(who, id=f"q{who}", **COUNTRY) for who in range(10)))
    correct_voice()
    run = runs.start_rerating(selection=NOVEMBER, reason="x", request_id="q", actor=AGENT, now=NOW)
    with django_assert_max_num_queries(110):
        runs.go_on_rerating(run_id=run.pk, now=NOW)
    assert len(lines(run)) == 10
    assert number_of(0)
