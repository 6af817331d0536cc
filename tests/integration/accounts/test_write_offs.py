"""Debts given up, entries taken back, opening balances: with a reason, a limit, a second person."""

from decimal import Decimal

import pytest

from accounts import operations
from accounts.domain.kinds import Fund, Kind
from accounts.models import Account, EntryReversal, OpeningBalance, WriteOff
from accounts.operations import UnableToCorrect
from accounts.queries import list_entries
from billing_project.kernel.models import Approval
from billing_project.kernel.operations import UnableToDecide
from tests.moves import WHEN, broken, charge, credit, entries, funds

SECOND = "staff:2"
BY_SECOND = WHEN | {"actor": SECOND}


def write_off(account: Account, amount: str, **options: object) -> WriteOff | Approval:
    values = {"reason": "умер", "request_id": "w1", "limit": Decimal("100.00")} | options
    return operations.write_off_debt(
        account_id=account.pk, amount=Decimal(amount), **values, **WHEN
    )


def reverse(account: Account, place: int, **options: object) -> EntryReversal | Approval:
    values = {"reason": "ошибка", "limit": Decimal("100.00")} | options
    [entry] = list_entries(account_id=account.pk)[place : place + 1]
    return operations.reverse_entry(account_id=account.pk, entry_id=entry.id, **values, **WHEN)


class TestWriteOff:
    @pytest.mark.parametrize(("amount", "left"), [("80.00", "0.00"), ("30.00", "-50.00")])
    def test_all_or_a_part_of_a_debt(self, bob: Account, amount: str, left: str) -> None:
        charge(bob, "80.00")
        made = write_off(bob, amount)
        assert isinstance(made, WriteOff)
        assert write_off(bob, amount) == made
        assert funds(bob)[0] == left
        assert entries(bob)[1:] == [(Kind.WRITE_OFF, amount, Fund.MONEY)]
        assert broken() == []

    @pytest.mark.parametrize("amount", ["80.01", "0.00", "-5.00", "1.005"])
    def test_no_more_than_is_owed(self, bob: Account, amount: str) -> None:
        charge(bob, "80.00")
        with pytest.raises(UnableToCorrect) as refused:
            write_off(bob, amount)
        assert refused.value.field == "amount"
        assert funds(bob)[0] == "-80.00"

    def test_an_account_in_credit_owes_nothing(self, bob: Account) -> None:
        credit(bob, "10.00")
        with pytest.raises(UnableToCorrect):
            write_off(bob, "1.00")

    def test_a_reason_and_one_amount_per_form(self, bob: Account) -> None:
        charge(bob, "80.00")
        with pytest.raises(UnableToCorrect):
            write_off(bob, "1.00", reason="  ")
        write_off(bob, "1.00")
        with pytest.raises(UnableToCorrect):
            write_off(bob, "2.00")
        assert funds(bob)[0] == "-79.00"

    def test_above_the_limit_a_second_person_decides(self, bob: Account) -> None:
        charge(bob, "500.00")
        asked = write_off(bob, "400.00")
        assert isinstance(asked, Approval)
        assert write_off(bob, "400.00") == asked
        assert funds(bob)[0] == "-500.00"
        with pytest.raises(UnableToDecide):
            operations.approve_write_off_of_debt(approval_id=asked.pk, **WHEN)
        made = operations.approve_write_off_of_debt(approval_id=asked.pk, **BY_SECOND)
        assert (made.amount, made.approval_id, funds(bob)[0]) == (400, asked.pk, "-100.00")
        with pytest.raises(UnableToDecide):
            operations.approve_write_off_of_debt(approval_id=asked.pk, **BY_SECOND)
        assert funds(bob)[0] == "-100.00"
        assert broken() == []

    def test_a_debt_paid_meanwhile_is_not_written_off(self, bob: Account) -> None:
        charge(bob, "500.00")
        asked = write_off(bob, "400.00")
        credit(bob, "200.00")
        with pytest.raises(UnableToCorrect):
            operations.approve_write_off_of_debt(approval_id=asked.pk, **BY_SECOND)
        asked.refresh_from_db()
        assert (asked.state, funds(bob)[0]) == ("pending", "-300.00")


class TestReversal:
    def test_a_write_off_taken_back_names_what_it_takes_back(self, bob: Account) -> None:
        charge(bob, "80.00")
        write_off(bob, "80.00")
        made = reverse(bob, 0)
        entry, written, *_ = list_entries(account_id=bob.pk)
        assert (entry.kind, entry.amount, entry.reverses_id) == (
            Kind.WRITE_OFF, Decimal("-80.00"), written.id,
        )  # fmt: skip
        assert entry.explanation == {"reason": "ошибка"}
        assert (made.entry_id, funds(bob)[0]) == (written.id, "-80.00")
        assert broken() == []

    def test_once(self, bob: Account) -> None:
        charge(bob, "80.00")
        write_off(bob, "80.00")
        assert reverse(bob, 0) == reverse(bob, 1)
        assert funds(bob)[0] == "-80.00"
        assert EntryReversal.objects.count() == 1

    def test_the_reversal_stays(self, bob: Account) -> None:
        charge(bob, "80.00")
        write_off(bob, "80.00")
        reverse(bob, 0)
        with pytest.raises(UnableToCorrect):
            reverse(bob, 0)

    def test_above_the_limit_a_second_person(self, bob: Account) -> None:
        charge(bob, "80.00")
        write_off(bob, "80.00")
        asked = reverse(bob, 0, limit=Decimal(10))
        assert isinstance(asked, Approval)
        assert reverse(bob, 0, limit=Decimal(10)) == asked
        assert funds(bob)[0] == "0.00"
        made = operations.approve_reversal(approval_id=asked.pk, **BY_SECOND)
        assert (made.approval_id, funds(bob)[0]) == (asked.pk, "-80.00")
        assert broken() == []

    def test_what_was_refused_may_be_asked_anew(self, bob: Account) -> None:
        charge(bob, "80.00")
        write_off(bob, "80.00")
        asked = reverse(bob, 0, limit=Decimal(10))
        operations.refuse_adjustment(approval_id=asked.pk, now=WHEN["now"], actor=SECOND)
        assert reverse(bob, 0, limit=Decimal(10)).pk != asked.pk

    @pytest.mark.parametrize("kind", [Kind.USAGE_VOICE, Kind.FEE, Kind.ONE_OFF, Kind.TAX])
    def test_kinds_with_ways_of_their_own_are_refused(self, bob: Account, kind: Kind) -> None:
        charge(bob, "5.00", kind=kind)
        with pytest.raises(UnableToCorrect):
            reverse(bob, 0)
        assert funds(bob)[0] == "-5.00"

    def test_a_payment_is_refused(self, bob: Account) -> None:
        credit(bob, "5.00")
        with pytest.raises(UnableToCorrect):
            reverse(bob, 0)

    def test_no_entry_of_another_account(self, alice: Account, bob: Account) -> None:
        charge(bob, "80.00")
        write_off(bob, "80.00")
        [written] = list_entries(account_id=bob.pk, limit=1)
        with pytest.raises(UnableToCorrect):
            operations.reverse_entry(
                account_id=alice.pk, entry_id=written.id, reason="x", limit=Decimal(99), **WHEN
            )
        assert (funds(alice)[0], funds(bob)[0]) == ("0.00", "0.00")

    def test_an_adjustment_taken_back(self, bob: Account) -> None:
        operations.adjust(
            account_id=bob.pk, amount=Decimal("-7.00"), reason="x", request_id="a",
            limit=Decimal(9), **WHEN,
        )  # fmt: skip
        reverse(bob, 0)
        assert funds(bob)[0] == "0.00"
        assert broken() == []


class TestOpening:
    def open(self, account: Account, amount: str, reference: str = "old-1") -> object:
        return operations.open_balance(
            account_id=account.pk, amount=Decimal(amount), reference=reference,
            reason="из прежней системы", **WHEN,
        )  # fmt: skip

    @pytest.mark.parametrize("amount", ["12.34", "-56.78"])
    def test_what_an_account_comes_with(self, bob: Account, amount: str) -> None:
        made = self.open(bob, amount)
        assert self.open(bob, amount) == made
        assert funds(bob)[0] == amount
        assert entries(bob) == [(Kind.OPENING, amount, Fund.MONEY)]
        assert broken() == []

    def test_an_account_that_has_begun_needs_a_second_person(self, bob: Account) -> None:
        credit(bob, "1.00")
        asked = self.open(bob, "5.00")
        assert isinstance(asked, Approval)
        assert funds(bob)[0] == "1.00"
        made = operations.approve_opening(approval_id=asked.pk, **BY_SECOND)
        assert (made.amount, made.business_date) == (Decimal("5.00"), WHEN["business_date"])
        assert funds(bob)[0] == "6.00"
        assert broken() == []

    def test_one_amount_per_reference(self, bob: Account) -> None:
        self.open(bob, "5.00")
        with pytest.raises(UnableToCorrect):
            self.open(bob, "6.00")
        with pytest.raises(UnableToCorrect):
            self.open(bob, "0.00", "old-2")

    def many(self, *rows: tuple[Account, str, str]) -> int:
        accounts, amounts, references = zip(*rows, strict=True)
        return operations.open_many_balances(
            source_sql="""
                SELECT * FROM unnest(%s::bigint[], %s::numeric[], %s::text[])
                    AS o (account_id, amount, reference) WHERE reference LIKE '%%'
            """,
            params=[[each.pk for each in accounts], list(amounts), list(references)],
            **WHEN,
        )

    def test_many_at_once_and_again(self, alice: Account, bob: Account) -> None:
        rows = [(alice, "10.00", "100%"), (bob, "-20.00", "b")]
        assert (self.many(*rows), self.many(*rows)) == (2, 0)
        assert (funds(alice)[0], funds(bob)[0]) == ("10.00", "-20.00")
        assert OpeningBalance.objects.count() == 2
        assert broken() == []

    def test_many_all_or_none(self, alice: Account, bob: Account) -> None:
        credit(bob, "1.00")
        with pytest.raises(UnableToCorrect):
            self.many((alice, "10.00", "a"), (bob, "-20.00", "b"))
        assert not OpeningBalance.objects.exists()
        assert funds(alice)[0] == "0.00"

    def test_many_with_another_amount(self, alice: Account, bob: Account) -> None:
        self.many((alice, "10.00", "a"), (bob, "-20.00", "b"))
        with pytest.raises(UnableToCorrect):
            self.many((alice, "11.00", "a"))
        assert funds(alice)[0] == "10.00"
