"""Priced batches reach the ledger: one entry per account, batch and kind."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models.ledger import LedgerEntry
from bench.world import Operator
from rating import operations, queries
from rating.domain.charges import Charges
from rating.models import BatchCharge, UsageBatch
from rating.operations import UnableToPostBatch, writing
from tests.integration.rating.night import DAY, NOW, Night, call, calls

ABROAD = {"dst": "81012125550101"}


def entries() -> list[tuple[int, int, str]]:
    rows = LedgerEntry.objects.order_by("account_id", "kind", "ref")
    return [(row.account_id, row.kind, str(row.amount)) for row in rows]


def test_an_account_gets_one_entry_per_kind(night: Night, operator: Operator) -> None:
    night.bring(*calls(3, **ABROAD), call(1, id="b", **ABROAD))
    night.bring("1,sms,79210000000,2026-11-20T10:00:00Z,7,79031234567", source="csv-1")
    night.load()
    first, second = operator.accounts[0].pk, operator.accounts[1].pk
    assert entries() == [
        (first, Kind.USAGE_VOICE, "-64.47"),
        (first, Kind.USAGE_SMS, "-5.00"),
        (second, Kind.USAGE_VOICE, "-21.49"),
    ]
    assert accounts_queries.get_balance(first).money == Decimal("-69.47")
    batch = UsageBatch.objects.get()
    assert set(LedgerEntry.objects.values_list("ref", "business_date")) == {(batch.pk, DAY)}
    assert (batch.state, batch.posted_at) == ("posted", NOW)


def test_usage_that_costs_nothing_makes_no_entry(night: Night) -> None:
    night.load(call())
    assert entries() == []


def test_the_subscription_is_named_if_it_is_one(night: Night, operator: Operator) -> None:
    night.load(call(**ABROAD))
    [entry] = LedgerEntry.objects.all()
    assert entry.about_subscription_id == operator.subscriptions[0].pk


def test_posting_again_makes_no_entry(night: Night) -> None:
    report = night.load(call(**ABROAD))
    before = entries()
    assert operations.post_batch(batch_id=report.batch_id, now=NOW) == 0
    assert entries() == before


def test_a_batch_half_posted_goes_on(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.bring(*(call(who, id=str(who), **ABROAD) for who in range(5)))
    report = night.price()
    monkeypatch.setattr("rating.operations.posting.ACCOUNTS_AT_ONCE", 2)

    def stop(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operations.post_batch(batch_id=report.batch_id, now=NOW, progress=stop)
    assert len(entries()) == 4
    assert operations.post_batch(batch_id=report.batch_id, now=NOW) == 1
    assert [amount for _, _, amount in entries()] == ["-21.49"] * 5


def test_an_open_batch_is_not_posted(night: Night) -> None:
    night.bring(call(**ABROAD))
    night.receive()
    batch_id = operations.open_batch(business_date=DAY, now=NOW)
    with pytest.raises(UnableToPostBatch):
        operations.post_batch(batch_id=batch_id or 0, now=NOW)
    assert entries() == []


class TestKeptSums:
    """What is added up while rows are written is posted, if the rows bear it out."""

    def test_are_what_the_rows_say(self, night: Night) -> None:
        night.bring(*calls(3, **ABROAD), call(1, id="b", **ABROAD), call(2, id="c"))
        night.bring("1,sms,79210000000,2026-11-20T10:00:00Z,7,79031234567", source="csv-1")
        report = night.price()
        kept = BatchCharge.objects.count()
        from_kept = queries.charges_of(report.batch_id)
        BatchCharge.objects.all().delete()
        from_rows = queries.charges_of(report.batch_id)
        assert kept == 3
        assert told(from_kept) == told(from_rows)
        assert len(from_rows) == 3

    def test_slices_of_one_account_are_added(self, night: Night) -> None:
        night.bring(*calls(6, **ABROAD))
        report = night.price(slice_rows=1)
        assert BatchCharge.objects.count() == 3
        [row] = told(queries.charges_of(report.batch_id))
        assert row[2] == 6 * 2149

    def test_are_not_trusted_if_rows_say_otherwise(
        self, night: Night, operator: Operator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        night.bring(*calls(2, **ABROAD))
        keep = writing.keep_charges

        def keep_too_much(batch_id: int, charges: Charges) -> None:
            keep(batch_id, replace(charges, amount=charges.amount + 1))

        monkeypatch.setattr(writing, "keep_charges", keep_too_much)
        night.load()
        assert entries() == [(operator.accounts[0].pk, Kind.USAGE_VOICE, "-42.98")]

    def test_are_gone_once_posted(self, night: Night) -> None:
        report = night.load(call(**ABROAD))
        assert UsageBatch.objects.get(pk=report.batch_id).state == "posted"
        assert not BatchCharge.objects.exists()


def told(charges: Charges) -> list[tuple[int, ...]]:
    columns = (charges.kind, charges.account_id, charges.amount, charges.subscription_id)
    return list(zip(*(column.tolist() for column in columns), strict=True))
