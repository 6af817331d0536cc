"""Vouchers: ordered, approved, made once, redeemed once, locked against guessing, ended by the night."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import operations, queries
from accounts.domain.vouchers import LIMITS, WINDOW, secret_hash
from accounts.models import Account, Payment, Voucher, VoucherAttempt, VoucherSeries
from accounts.operations import vouchers
from accounts.operations.vouchers import UnableToIssueVouchers, UnableToRedeem
from accounts.queries import vouchers as voucher_queries
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.operations import UnableToDecide
from tests import people, scratch_cards
from tests.people import CLERK, NOON, TODAY
from tests.scratch_cards import read

pytestmark = pytest.mark.django_db
WRONG = "0000 0000 0000 0000"
SECOND = "staff:2"


def a_series(count: int = 3, **changes: object) -> tuple[VoucherSeries, list[str]]:
    return scratch_cards.a_series(count, now=NOON, today=TODAY, **changes)


def redeem(
    account: Account,
    code: str,
    *,
    now: datetime = NOON,
    actor: str = "subscriber:7",
    address: str = "",
    on: date = TODAY,
) -> Payment:
    return vouchers.redeem_voucher(
        code=code, account_id=account.pk, business_date=on, now=now, actor=actor, address=address
    )


def refusal(account: Account, code: str, **changes: object) -> UnableToRedeem:
    with pytest.raises(UnableToRedeem) as caught:
        redeem(account, code, **changes)  # type: ignore[arg-type]
    return caught.value


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def broken() -> list[str]:
    return [each.name for each in voucher_queries.invariants() if find_violations(each)]


def ask(actor: str = CLERK, **changes: object) -> VoucherSeries:
    values: dict = {
        "code": "l26",
        "nominal": Decimal("300.00"),
        "count": 3,
        "valid_from": TODAY,
        "valid_until": TODAY + timedelta(days=30),
        "now": NOON,
        "actor": actor,
    }
    return vouchers.ask_series(**values | changes)


class TestSeries:
    def test_from_the_order_to_the_shops(self) -> None:
        series = ask()
        assert (series.code, series.state) == ("L26", "asked")
        vouchers.approve_series(approval_id=series.approval_id, now=NOON, actor=SECOND)
        listed = vouchers.generate_cards(series_id=series.pk, now=NOON, actor=CLERK)
        assert len(read(listed)) == 3
        assert broken() == []
        series.refresh_from_db()
        assert (series.state, series.made_at) == ("made", NOON)

    def test_nobody_approves_their_own(self) -> None:
        series = ask()
        with pytest.raises(UnableToDecide):
            vouchers.approve_series(approval_id=series.approval_id, now=NOON, actor=CLERK)
        with pytest.raises(UnableToIssueVouchers):
            vouchers.generate_cards(series_id=series.pk, now=NOON, actor=CLERK)
        assert not Voucher.objects.exists()

    def test_a_refused_one_is_never_made(self) -> None:
        series = ask()
        vouchers.refuse_series(approval_id=series.approval_id, now=NOON, actor=SECOND)
        with pytest.raises(UnableToIssueVouchers):
            vouchers.generate_cards(series_id=series.pk, now=NOON, actor=CLERK)

    def test_the_list_is_made_once(self) -> None:
        series = ask()
        vouchers.approve_series(approval_id=series.approval_id, now=NOON, actor=SECOND)
        vouchers.generate_cards(series_id=series.pk, now=NOON, actor=CLERK)
        with pytest.raises(UnableToIssueVouchers):
            vouchers.generate_cards(series_id=series.pk, now=NOON, actor=CLERK)
        assert Voucher.objects.count() == 3

    def test_what_keeps_the_list_fails_and_nothing_is_made(self) -> None:
        def full(_listed: str) -> None:
            raise OSError("No space left on device")

        with pytest.raises(OSError, match="No space"):
            a_series(keep=full)
        assert not VoucherSeries.objects.exists()
        assert not Voucher.objects.exists()

    def test_a_secret_that_is_out_already_is_drawn_anew(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from accounts.domain.vouchers import Card
        from accounts.operations.vouchers import series as making

        _first, [code] = a_series(1)
        taken = [Card(1, code.replace("-", ""))]
        draws = iter([taken, [Card(1, "1" * 16)]])
        monkeypatch.setattr(making, "make_cards", lambda _count: next(draws))
        second, [fresh] = a_series(1, code="L27")
        assert fresh == "1111-1111-1111-1111"
        assert second.vouchers.count() == 1
        assert broken() == []

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"code": "Л26"}, "code"),
            ({"code": "A" * 13}, "code"),
            ({"code": ""}, "code"),
            ({"nominal": Decimal(0)}, "nominal"),
            ({"nominal": Decimal("0.001")}, "nominal"),
            ({"count": 0}, "count"),
            ({"count": 1_000_001}, "count"),
            ({"valid_until": TODAY}, "valid_until"),
        ],
    )
    def test_wrong_terms(self, change: dict, field: str) -> None:
        with pytest.raises(UnableToIssueVouchers) as caught:
            ask(**change)
        assert caught.value.field == field
        assert not VoucherSeries.objects.exists()

    def test_a_name_is_taken_once(self) -> None:
        ask()
        with pytest.raises(UnableToIssueVouchers) as caught:
            ask()
        assert caught.value.field == "code"

    def test_the_secret_is_not_stored(self) -> None:
        _series, [code] = a_series(1)
        stored = bytes(Voucher.objects.get().secret_hash)
        assert stored == secret_hash(code.replace("-", ""), key=settings.VOUCHER_KEY)
        with connection.cursor() as cursor:
            cursor.execute("SELECT v::text FROM accounts_voucher v")
            assert code.replace("-", "") not in cursor.fetchone()[0]

    def test_the_night_ends_it(self, bob: Account) -> None:
        series, [code, *_] = a_series()
        last = series.valid_until - timedelta(days=1)
        assert vouchers.expire_series(business_date=last, now=NOON, actor=CLERK) == 0
        assert vouchers.expire_series(business_date=series.valid_until, now=NOON, actor=CLERK) == 1
        assert vouchers.expire_series(business_date=series.valid_until, now=NOON, actor=CLERK) == 0
        refusal(bob, code)
        assert money(bob) == 0
        assert broken() == []

    def test_counts(self, bob: Account) -> None:
        series, codes = a_series(5)
        redeem(bob, codes[0])
        card = voucher_queries.find_card(series_id=series.pk, serial=5)
        vouchers.block_card(voucher_id=card.pk, reason="порвана", now=NOON, actor=CLERK)
        view = voucher_queries.get_series(series.pk)
        assert (view.fresh, view.redeemed, view.blocked, view.made) == (3, 1, 1, 5)
        assert (view.outstanding, view.redeemed_sum) == (Decimal(900), Decimal(300))
        assert [one.series for one in voucher_queries.list_series()] == [series]
        [used] = voucher_queries.list_redeemed(series_id=series.pk)
        assert used.payment.account_id == bob.pk


class TestRedeemed:
    def test_it_tops_up(self, bob: Account) -> None:
        _series, [code, *_] = a_series()
        payment = redeem(bob, code.replace("-", " "))
        assert (payment.amount, payment.gateway) == (Decimal("300.00"), "voucher")
        assert payment.external_id == "L26-000001"
        assert money(bob) == Decimal("300.00")
        assert broken() == []

    def test_the_same_account_again_is_the_same_payment(self, bob: Account) -> None:
        _series, [code, *_] = a_series()
        assert {redeem(bob, code).pk for _ in range(3)} == {Payment.objects.get().pk}
        assert money(bob) == Decimal("300.00")

    def test_another_account_is_told_so(self, alice: Account, bob: Account) -> None:
        _series, [code, *_] = a_series()
        redeem(bob, code)
        assert "02.11.2026" in str(refusal(alice, code))
        assert (money(alice), money(bob)) == (0, Decimal("300.00"))

    @pytest.mark.parametrize(
        "fault", ["blocked card", "blocked series", "not in use", "over", "to come", "currency"]
    )
    def test_what_is_refused_leaves_the_card_as_it_was(self, bob: Account, fault: str) -> None:
        series, [code, *_] = a_series()
        series_id = series.pk
        if fault == "blocked card":
            card = voucher_queries.find_card(series_id=series_id, serial=1)
            vouchers.block_card(voucher_id=card.pk, reason="", now=NOON, actor=CLERK)
        if fault == "blocked series":
            vouchers.block_series(series_id=series_id, reason="утеряна", now=NOON, actor=CLERK)
        if fault == "not in use":
            VoucherSeries.objects.filter(pk=series_id).update(state="made")
        if fault == "currency":
            Account.objects.filter(pk=bob.pk).update(currency="USD")
        days = {"over": 30, "to come": -1}.get(fault, 0)
        refusal(bob, code, on=TODAY + timedelta(days=days))
        assert (money(bob), Payment.objects.count()) == (0, 0)
        assert not Voucher.objects.filter(state="redeemed").exists()
        assert broken() == []

    def test_a_card_put_in_use_again_works(self, bob: Account) -> None:
        series, [code, *_] = a_series()
        card = voucher_queries.find_card(series_id=series.pk, serial=1)
        vouchers.block_card(voucher_id=card.pk, reason="спор", now=NOON, actor=CLERK)
        vouchers.unblock_card(voucher_id=card.pk, reason="решён", now=NOON, actor=CLERK)
        redeem(bob, code)
        with pytest.raises(UnableToIssueVouchers):
            vouchers.block_card(voucher_id=card.pk, reason="поздно", now=NOON, actor=CLERK)

    def test_not_on_a_closed_account(self, bob: Account) -> None:
        _series, [code, *_] = a_series()
        Account.objects.filter(pk=bob.pk).update(closed_on=TODAY)
        refusal(bob, code)
        assert not Payment.objects.exists()

    def test_a_right_code_of_a_card_out_of_use_is_no_guess(self, bob: Account) -> None:
        series, [code, *_] = a_series()
        vouchers.block_series(series_id=series.pk, reason="утеряна", now=NOON, actor=CLERK)
        for _ in range(LIMITS.account + 2):
            assert refusal(bob, code).possible_at is None

    def test_a_typing_error_is_no_guess(self, bob: Account) -> None:
        for _ in range(10):
            assert refusal(bob, "1234").possible_at is None
        assert not VoucherAttempt.objects.exists()


def guess(account: Account, times: int, **changes: object) -> None:
    for _ in range(times):
        assert refusal(account, WRONG, **changes).possible_at is None


class TestGuessing:
    def test_tries_left_are_told(self, bob: Account) -> None:
        told = [str(refusal(bob, WRONG)) for _ in range(LIMITS.account)]
        assert "4" in told[0]
        assert "1" in told[3]
        assert "полчаса" in told[4]

    def test_an_account_is_locked_and_the_right_code_with_it(self, bob: Account) -> None:
        _series, [code, *_] = a_series()
        guess(bob, LIMITS.account)
        locked = refusal(bob, code, now=NOON + timedelta(minutes=1))
        assert locked.possible_at == NOON + WINDOW
        assert "12:30" in str(locked)
        assert money(bob) == 0
        redeem(bob, code, now=NOON + WINDOW)
        assert money(bob) == Decimal("300.00")

    def test_whoever_tries_for_that_account(self, bob: Account) -> None:
        for number in range(LIMITS.account):
            refusal(bob, WRONG, actor=f"staff:{number}")
        assert refusal(bob, WRONG, actor="staff:99").possible_at is not None

    def test_a_person_over_many_accounts(self) -> None:
        accounts = [people.open_account_for("Петров", f"Олег{n}") for n in range(3)]
        for account in accounts:
            guess(account, 4 if account != accounts[-1] else 2, actor="staff:5")
        assert refusal(accounts[-1], WRONG, actor="staff:5").possible_at is not None
        assert refusal(accounts[-1], WRONG, actor="staff:6").possible_at is None

    def test_an_address_over_many_people(self, bob: Account) -> None:
        VoucherAttempt.objects.bulk_create(
            VoucherAttempt(
                account_id=1000 + n,
                actor=f"subscriber:{n}",
                address="203.0.113.7",
                succeeded=False,
                tried_at=NOON,
            )
            for n in range(LIMITS.address)
        )
        assert refusal(bob, WRONG, address="203.0.113.7").possible_at is not None
        assert refusal(bob, WRONG, address="203.0.113.8").possible_at is None

    def test_a_door_for_everybody_is_not_locked_as_one(self) -> None:
        accounts = [people.open_account_for("Петров", f"Олег{n}") for n in range(4)]
        for account in accounts:
            guess(account, 4, actor="system:ussd")
        assert refusal(accounts[0], WRONG, actor="system:ussd").possible_at is None

    def test_the_lock_outlives_the_cache(self, bob: Account) -> None:
        guess(bob, LIMITS.account)
        cache.clear()
        assert refusal(bob, WRONG).possible_at == NOON + WINDOW
        tries = VoucherAttempt.objects.count()
        with_cache = refusal(bob, WRONG)
        assert (with_cache.possible_at, tries) == (NOON + WINDOW, VoucherAttempt.objects.count())

    def test_old_guesses_are_forgotten(self, bob: Account) -> None:
        guess(bob, 4, now=NOON - WINDOW)
        guess(bob, LIMITS.account)
        assert refusal(bob, WRONG).possible_at == NOON + WINDOW


class TestCommand:
    def test_it_writes_the_list_once(self, tmp_path: Path, bob: Account) -> None:
        path = tmp_path / "cards.csv"
        until = timezone.localdate() + timedelta(days=90)
        options = {"nominal": Decimal(100), "count": 10, "valid_until": until, "file": path}
        call_command("make_vouchers", "L26", activate=True, **options)
        assert path.stat().st_mode & 0o777 == 0o600
        codes = read(path.read_text(encoding="utf-8"))
        now = timezone.now()
        redeem(bob, codes[3], now=now, on=timezone.localdate(now))
        assert money(bob) == Decimal("100.00")
        with pytest.raises(CommandError):
            call_command("make_vouchers", "L27", **options)
        assert VoucherSeries.objects.count() == 1


BREAKS = {
    "a payment without a card": "UPDATE accounts_voucher SET payment_id = NULL",
    "another sum": "UPDATE accounts_voucherseries SET nominal = 301",
    "a card that is nobody's": "INSERT INTO accounts_voucher (series_id, serial, secret_hash, state)"
    " SELECT series_id, 99, 'x', 'fresh' FROM accounts_voucher LIMIT 1",
}


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS)
def test_a_broken_promise_is_found(bob: Account, statement: str) -> None:
    _series, [code, *_] = a_series()
    redeem(bob, code)
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert len(broken()) == 1


def test_its_payment_can_be_taken_back(bob: Account) -> None:
    _series, [code, *_] = a_series()
    payment = redeem(bob, code)
    operations.reverse_payment(
        payment_id=payment.pk, reason="карта украдена", business_date=TODAY, now=NOON, actor=CLERK
    )
    assert (money(bob), broken()) == (0, [])
    assert redeem(bob, code) == payment
    assert money(bob) == 0
