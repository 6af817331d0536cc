"""Bonus money: granted, used against charges, lost after its last day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import operations, queries
from accounts.domain import bonuses
from accounts.domain.kinds import Fund, Kind
from accounts.models import Account, BonusGrant, BonusPart, BonusUse
from accounts.operations import UnableToCorrect
from accounts.queries.bonuses import list_grants, list_open_grants, room_of
from billing_project.kernel.models import Approval
from tests import people
from tests.moves import WHEN, broken, charge, entries, funds
from tests.people import NOON, TODAY

TOMORROW = TODAY + timedelta(days=1)
NIGHT = {"now": NOON, "actor": "system:nightly", "account_from": 0, "account_to": 2**62}


def grant(account: Account, amount: str, **options: object) -> BonusGrant | Approval:
    number = BonusGrant.objects.count()
    values = {"reason": "день рождения", "request_id": f"g{number}", "limit": Decimal(1000)}
    return operations.grant_bonus(
        account_id=account.pk, amount=Decimal(amount), **values | WHEN | options
    )


def use(account: Account, amount: str, request: str = "u1") -> list[BonusUse]:
    return operations.use_bonus(
        account_id=account.pk, amount=Decimal(amount), request_id=request, **WHEN
    )


def night(*, charges_of: date = TODAY, business_date: date = TODAY) -> int:
    return operations.use_bonuses(business_date=business_date, charges_of=charges_of, **NIGHT)


def left(*grants: BonusGrant) -> list[str]:
    for each in grants:
        each.refresh_from_db()
    return [str(each.left) for each in grants]


def test_granted_once_beside_the_money(bob: Account) -> None:
    made = grant(bob, "50.00", request_id="same")
    assert grant(bob, "50.00", request_id="same") == made
    assert funds(bob) == ("0.00", "50.00", "0.00")
    assert entries(bob) == [(Kind.BONUS_GRANT, "50.00", Fund.BONUS)]
    assert queries.list_days(account_ids=[bob.pk], limit=9) == []
    with pytest.raises(UnableToCorrect):
        grant(bob, "51.00", request_id="same")
    assert broken() == []


def test_above_the_limit_a_second_person(bob: Account) -> None:
    asked = grant(bob, "50.00", limit=Decimal(49), pays="fees", expires_on=TOMORROW)
    assert isinstance(asked, Approval)
    assert funds(bob)[1] == "0.00"
    made = operations.approve_bonus(approval_id=asked.pk, **WHEN | {"actor": "staff:2"})
    assert (made.pays, made.expires_on, made.left) == ("fees", TOMORROW, Decimal("50.00"))
    assert funds(bob)[1] == "50.00"


def test_a_last_day_that_is_past_is_refused(bob: Account) -> None:
    with pytest.raises(UnableToCorrect) as refused:
        grant(bob, "50.00", expires_on=TODAY - timedelta(days=1))
    assert refused.value.field == "expires_on"


class TestByHand:
    def test_pays_charges_with_a_pair_of_entries(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00", kind=Kind.FEE)
        [made] = use(bob, "20.00")
        assert use(bob, "20.00") == [made]
        assert funds(bob) == ("-10.00", "30.00", "0.00")
        assert entries(bob)[2:] == [
            (Kind.BONUS_USE, "-20.00", Fund.BONUS),
            (Kind.BONUS_USE, "20.00", Fund.MONEY),
        ]
        assert broken() == []

    def test_no_more_than_was_charged(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00", kind=Kind.FEE)
        with pytest.raises(UnableToCorrect) as refused:
            use(bob, "30.01")
        assert "30.00" in str(refused.value)
        use(bob, "30.00")
        with pytest.raises(UnableToCorrect):
            use(bob, "0.01", "u2")
        assert funds(bob) == ("0.00", "20.00", "0.00")

    def test_each_sort_pays_its_charges_only(self, bob: Account) -> None:
        for pays in ("fees", "usage"):
            grant(bob, "50.00", pays=pays)
        charge(bob, "10.00", kind=Kind.FEE)
        charge(bob, "5.00", kind=Kind.USAGE_DATA)
        charge(bob, "7.00", kind=Kind.ONE_OFF)
        with pytest.raises(UnableToCorrect):
            use(bob, "15.01")
        made = use(bob, "15.00")
        assert {each.pays: each.amount for each in made} == {"fees": 10, "usage": 5}
        assert funds(bob) == ("-7.00", "85.00", "0.00")
        assert broken() == []

    def test_an_old_charge_is_not_paid(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "10.00", on=TODAY - timedelta(days=32))
        with pytest.raises(UnableToCorrect):
            use(bob, "1.00")

    def test_what_is_over_is_not_used(self, bob: Account) -> None:
        old = grant(bob, "50.00", expires_on=TODAY)
        charge(bob, "10.00")
        with pytest.raises(UnableToCorrect):
            operations.use_bonus(
                account_id=bob.pk, amount=Decimal(1), request_id="u",
                **WHEN | {"business_date": TOMORROW},
            )  # fmt: skip
        assert left(old) == ["50.00"]

    def test_another_amount_under_the_same_form(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00")
        use(bob, "20.00")
        with pytest.raises(UnableToCorrect):
            use(bob, "21.00")


class TestByNight:
    def test_the_day_is_paid_once(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00")
        assert (night(), night()) == (1, 0)
        assert funds(bob) == ("0.00", "20.00", "0.00")
        assert broken() == []

    def test_soonest_lost_first_narrow_first(self, bob: Account) -> None:
        never = grant(bob, "10.00")
        later = grant(bob, "10.00", expires_on=TOMORROW)
        today = grant(bob, "10.00", expires_on=TODAY)
        fees = grant(bob, "10.00", pays="fees")
        charge(bob, "28.00", kind=Kind.FEE)
        assert night() == 2
        assert left(fees, today, later, never) == ["0.00", "0.00", "2.00", "10.00"]
        assert funds(bob) == ("0.00", "12.00", "0.00")
        assert broken() == []

    def test_a_credit_of_the_day_is_taken_off(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00", kind=Kind.FEE)
        charge(bob, "-30.00", kind=Kind.FEE_CREDIT)
        assert night() == 0
        assert funds(bob)[1] == "50.00"

    def test_payments_and_adjustments_are_no_charges(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00", kind=Kind.ADJUSTMENT)
        charge(bob, "5.00", kind=Kind.TRANSFER_OUT)
        assert night() == 0

    def test_charged_later_the_next_night_pays(self, bob: Account) -> None:
        grant(bob, "50.00")
        charge(bob, "30.00", on=TOMORROW)
        assert night(charges_of=TOMORROW) == 1
        charge(bob, "5.00", on=TOMORROW)
        assert night(charges_of=TOMORROW) == 0
        assert night(charges_of=TOMORROW, business_date=TOMORROW) == 1
        assert funds(bob) == ("0.00", "15.00", "0.00")
        assert broken() == []

    def test_other_accounts_keep_theirs(self, alice: Account, bob: Account) -> None:
        grant(alice, "50.00")
        grant(bob, "50.00")
        charge(alice, "30.00")
        made = operations.use_bonuses(
            business_date=TODAY, charges_of=TODAY,
            **NIGHT | {"account_from": bob.pk, "account_to": bob.pk + 1},
        )  # fmt: skip
        assert (made, funds(alice)[1], funds(bob)[1]) == (0, "50.00", "50.00")


class TestExpiry:
    def expire(self, on: date) -> int:
        return operations.expire_bonuses(business_date=on, **NIGHT)

    def test_after_the_last_day_and_once(self, bob: Account) -> None:
        lost = grant(bob, "10.00", expires_on=TODAY)
        kept = grant(bob, "20.00", expires_on=TOMORROW)
        charge(bob, "4.00")
        use(bob, "4.00")
        assert self.expire(TODAY - timedelta(days=1)) == 0
        assert (self.expire(TODAY), self.expire(TODAY)) == (1, 0)
        assert left(lost, kept) == ["0.00", "20.00"]
        assert funds(bob) == ("0.00", "20.00", "0.00")
        assert entries(bob)[-1] == (Kind.BONUS_EXPIRY, "-6.00", Fund.BONUS)
        assert [part.amount for part in BonusPart.objects.filter(use=None)] == [6]
        assert broken() == []

    def test_what_never_expires_stays(self, bob: Account) -> None:
        grant(bob, "10.00")
        assert self.expire(date(2099, 1, 1)) == 0

    def test_a_night_missed_is_caught_up(self, bob: Account) -> None:
        grant(bob, "10.00", expires_on=TODAY)
        assert self.expire(TODAY + timedelta(days=9)) == 1
        assert funds(bob)[1] == "0.00"


def test_the_list_shows_what_is_lost_first(bob: Account) -> None:
    never, soon, over = grant(bob, "1.00"), grant(bob, "2.00", expires_on=TODAY), grant(bob, "3.00")
    BonusGrant.objects.filter(pk=over.pk).update(left=0)
    assert [each.pk for each in list_grants(bob.pk)] == [soon.pk, never.pk, over.pk]


KINDS = st.sampled_from([Kind.FEE, Kind.USAGE_VOICE, Kind.ONE_OFF, Kind.OPENING])
AMOUNTS = st.decimals("0.01", "99.99", places=2)
GRANTS = st.tuples(
    AMOUNTS, st.sampled_from(bonuses.ORDER), st.sampled_from([None, TODAY, TOMORROW])
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(grants=st.lists(GRANTS, max_size=5), charged=st.lists(st.tuples(KINDS, AMOUNTS), max_size=5))
def test_the_night_takes_what_the_rule_takes(
    db: None, grants: list[tuple[Decimal, str, date | None]], charged: list[tuple[Kind, Decimal]]
) -> None:
    account = people.open_account_for("Случайная", "Ольга")
    for amount, pays, last in grants:
        grant(account, str(amount), pays=pays, expires_on=last)
    for kind, amount in charged:
        charge(account, str(amount), kind=kind)
    shares = bonuses.allocate(
        wanted=Decimal(10**6),
        grants=list_open_grants(account.pk, on=TODAY),
        room=room_of(account.pk, first=TODAY, last=TODAY),
    )
    expected = {share.grant_id: share.amount for share in shares}
    operations.use_bonuses(
        business_date=TODAY, charges_of=TODAY,
        **NIGHT | {"account_from": account.pk, "account_to": account.pk + 1},
    )  # fmt: skip
    parts = BonusPart.objects.filter(account=account)
    assert dict(parts.values_list("grant_id", "amount")) == expected
    assert broken() == []
