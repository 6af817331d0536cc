"""The limit of one's own choice, credit classes, and the cap of disputes: the floor follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils.translation import override

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models import Account, CreditChange, CreditClass, Subscription
from accounts.queries.credit import credit_invariants, list_credit_changes
from billing_project.kernel.models import BusinessEvent
from dunning import operations, queries
from dunning.models import CreditRuleChange, PromiseRule
from dunning.operations import UnableToChangeCredit, UnableToSetLimit, credit_rules, promises
from dunning.operations.credit_rules import UnableToWriteRule
from dunning.queries.limits import get_credit
from invoicing.models import Dispute
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON, TODAY
from tests.subscribers import charge, connect, drain, level_of, pay

pytestmark = pytest.mark.django_db
OWNER = "subscriber:7"


@pytest.fixture
def account() -> Account:
    """Of a class that lets its subscribers choose up to 400."""
    CreditClass.objects.filter(code="standard").update(largest_own_limit=Decimal(400))
    CreditClass.objects.filter(code="trusted").update(largest_own_limit=Decimal(1000))
    return people.open_account_for("Иванова", "Мария")


@pytest.fixture
def internet(account: Account) -> Subscription:
    return connect(account)


def choose(account: Account, limit: str, **changes: object) -> Account:
    values: dict = {"now": NOON, "actor": OWNER} | changes
    return operations.choose_credit_limit(account_id=account.pk, limit=Decimal(limit), **values)


def move(account: Account, to: str, reason: str = "платит вовремя") -> Account:
    return operations.change_credit_class(
        account_id=account.pk, credit_class=to, reason=reason, now=NOON, actor=CLERK
    )


def floor(account: Account) -> Decimal:
    return accounts_queries.get_balance(account.pk).floor


def broken() -> list[str]:
    return broken_promises([*queries.invariants(), *credit_invariants()])


def run(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


class TestChoose:
    def test_floor_and_access_follow_with_a_fact_and_an_event(
        self, account: Account, internet: Subscription
    ) -> None:
        charge(account, "120.00")
        drain()
        assert level_of(internet) == "slow"
        pay(account, "120.00")
        drain()
        choose(account, "300")
        charge(account, "120.00")
        drain()
        assert (floor(account), level_of(internet)) == (Decimal(300), "open")
        [change] = list_credit_changes(account.pk)
        assert (change.limit_before, change.limit_after) == (Decimal(0), Decimal(300))
        assert (change.is_own, change.actor) == (True, OWNER)
        event = BusinessEvent.objects.get(kind="limit.changed")
        assert (event.actor, event.data["before"], event.data["limit"]) == (OWNER, "0.00", "300.00")
        assert broken() == []

    def test_the_same_again_changes_nothing(self, account: Account) -> None:
        choose(account, "300")
        choose(account, "300.00")
        assert CreditChange.objects.count() == 1

    @pytest.mark.parametrize(
        ("limit", "told"),
        [("400.01", "The largest limit for this credit class is ₽400.00"), ("-1", "not negative")],
    )
    def test_what_the_class_does_not_allow_is_refused(
        self, account: Account, limit: str, told: str
    ) -> None:
        with override("en"), pytest.raises(UnableToSetLimit, match=told):
            choose(account, limit)
        assert (floor(account), CreditChange.objects.count()) == (Decimal(0), 0)

    def test_a_class_without_limits_says_so(self, account: Account) -> None:
        CreditClass.objects.update(largest_own_limit=0)
        with override("en"), pytest.raises(UnableToSetLimit, match="choose no limit"):
            choose(account, "1")

    def test_below_what_is_used_is_refused_with_what_to_pay(self, account: Account) -> None:
        choose(account, "300")
        charge(account, "120.50")
        with override("en"), pytest.raises(UnableToSetLimit) as refusal:
            choose(account, "100")
        assert "used: ₽120.50" in str(refusal.value)
        assert "payment of ₽20.50" in str(refusal.value)
        assert floor(account) == Decimal(300)
        choose(account, "120.50")
        assert (floor(account), broken()) == (Decimal("120.50"), [])

    def test_held_money_is_used_and_a_promise_is_used_before_the_limit(
        self, account: Account, internet: Subscription
    ) -> None:
        choose(account, "300")
        accounts_operations.hold(account_id=account.pk, amount=Decimal(50))
        charge(account, "310.00")
        assert get_credit(account.pk).standing.used == Decimal(300)
        promises.give(account_id=account.pk, amount=Decimal(200), now=NOON, actor=CLERK)
        assert get_credit(account.pk).standing.used == Decimal(160)

    def test_more_while_the_limit_is_overdrawn_is_refused(self, account: Account) -> None:
        choose(account, "100")
        charge(account, "130.00")
        with override("en"), pytest.raises(UnableToSetLimit, match=r"payment of ₽30\.00"):
            choose(account, "400")
        pay(account, "30.00")
        choose(account, "400")
        assert floor(account) == Decimal(400)

    def test_what_the_operator_granted_may_be_lowered_but_not_raised_again(
        self, account: Account
    ) -> None:
        operations.set_credit_limit(
            account_id=account.pk, limit=Decimal(900), reason="VIP", now=NOON, actor=CLERK
        )
        choose(account, "700")
        with pytest.raises(UnableToSetLimit):
            choose(account, "800")
        choose(account, "400")
        assert (floor(account), broken()) == (Decimal(400), [])

    def test_a_closed_account_chooses_nothing(self, account: Account) -> None:
        Account.objects.update(closed_on=TODAY)
        with override("en"), pytest.raises(UnableToSetLimit, match="closed"):
            choose(account, "10")


class TestClass:
    def test_its_change_is_a_fact_and_an_event_and_leaves_what_was_granted(
        self, account: Account
    ) -> None:
        operations.set_credit_limit(
            account_id=account.pk, limit=Decimal(900), reason="VIP", now=NOON, actor=CLERK
        )
        move(account, "risky", "не платит")
        account.refresh_from_db()
        assert (account.credit_class, account.credit_limit) == ("risky", Decimal(900))
        event = BusinessEvent.objects.get(kind="credit_class.changed")
        assert event.data == {
            "before": "standard",
            "credit_class": "risky",
            "reason": "не платит",
        }
        assert (floor(account), broken()) == (Decimal(900), [])

    def test_a_limit_of_own_choice_is_no_larger_than_the_new_class_allows(
        self, account: Account, internet: Subscription
    ) -> None:
        move(account, "trusted")
        choose(account, "900")
        charge(account, "600.00")
        drain()
        assert level_of(internet) == "open"
        move(account, "standard", "перестал платить")
        assert (floor(account), level_of(internet)) == (Decimal(400), "slow")
        last = list_credit_changes(account.pk)[0]
        assert (last.limit_after, last.is_own, last.reason) == (400, True, "перестал платить")
        assert broken() == []

    def test_access_is_decided_by_the_rules_of_the_new_class(
        self, account: Account, internet: Subscription
    ) -> None:
        from dunning.models import AccessRule

        AccessRule.objects.create(
            position=1, credit_class="risky", below=Decimal(100), effect="suspend"
        )
        operations.audit_all(account_from=0, account_to=2**62, now=NOON)
        assert level_of(internet) == "open"
        move(account, "risky", "жалобы")
        assert (level_of(internet), broken()) == ("suspended", [])

    @pytest.mark.parametrize(
        ("to", "reason", "field"),
        [
            ("gold", "x", "credit_class"),
            ("standard", "x", "credit_class"),
            ("risky", " ", "reason"),
        ],
    )
    def test_a_wrong_change_is_refused(
        self, account: Account, to: str, reason: str, field: str
    ) -> None:
        with pytest.raises(UnableToChangeCredit) as refusal:
            move(account, to, reason)
        assert refusal.value.field == field
        assert not CreditChange.objects.exists()

    def test_a_class_without_promises_gets_none(
        self, account: Account, internet: Subscription
    ) -> None:
        CreditClass.objects.filter(code="standard").update(may_promise=False)
        answer = queries.can_promise(account.pk, NOON)
        assert [reason.code for reason in answer.verdict.reasons] == ["class_refused"]


def dispute(account: Account, amount: str) -> Dispute:
    return Dispute.objects.create(
        account=account,
        request_id=amount,
        amount=Decimal(amount),
        reason="не я",
        raised_at=NOON,
        due_on=TODAY + timedelta(days=30),
        entry_id=1,
        entry_on=TODAY,
        charged=Decimal(amount),
        actor=CLERK,
    )


class TestCapOfDisputes:
    def test_a_new_cap_moves_floors_and_access_of_its_class_only(
        self, account: Account, internet: Subscription
    ) -> None:
        other = people.open_account_for("Смирнова", "Алиса")
        Account.objects.filter(pk=other.pk).update(credit_class="trusted")
        for each in (account, other):
            dispute(each, "500.00")
            operations.mend_floors(account_from=0, account_to=2**62, now=NOON, actor=CLERK)
        charge(account, "300.00")
        drain()
        assert (floor(account), level_of(internet), broken()) == (Decimal(500), "open", [])
        standard = CreditClass.objects.get(code="standard")
        standard.dispute_cap = Decimal(200)
        credit_rules.save_credit_class(credit_class=standard, now=NOON, actor=CLERK)
        assert (floor(account), floor(other)) == (Decimal(200), Decimal(500))
        assert (level_of(internet), broken()) == ("slow", [])
        move(account, "trusted")
        assert (floor(account), level_of(internet)) == (Decimal(500), "open")

    def test_the_audit_mends_what_was_cut_short(self, account: Account) -> None:
        dispute(account, "500.00")
        operations.mend_floors(account_from=0, account_to=2**62, now=NOON, actor=CLERK)
        CreditClass.objects.update(dispute_cap=Decimal(200))
        wrong = "the floor is the credit limit, the open promise and what is disputed"
        assert broken() == [wrong]
        operations.audit_all(account_from=0, account_to=2**62, now=NOON)
        assert (floor(account), broken()) == (Decimal(200), [])

    def test_a_capped_class_without_disputes_has_no_more(self, account: Account) -> None:
        CreditClass.objects.update(dispute_cap=Decimal(200))
        assert (broken(), floor(account)) == ([], Decimal(0))


class TestRulesAsStaffWriteThem:
    def test_who_wrote_what_is_kept(self) -> None:
        rule = PromiseRule.objects.get()
        rule.max_amount, rule.regions = Decimal(700), ["Карелия"]
        credit_rules.save_promise_rule(rule=rule, now=NOON, actor=CLERK)
        credit_rules.save_promise_rule(rule=rule, now=NOON, actor=CLERK)
        change = CreditRuleChange.objects.get()
        assert (change.what, change.object_id, change.actor) == ("promise_rule", rule.pk, CLERK)
        assert change.changes == {"max_amount": ["500.00", "700.00"], "regions": ["", "Карелия"]}

    def test_a_new_rule_is_kept_whole(self) -> None:
        rule = PromiseRule(name_ru="Новым", name_en="New", max_amount=Decimal(100), price=5)
        credit_rules.save_promise_rule(rule=rule, now=NOON, actor=CLERK)
        change = CreditRuleChange.objects.get()
        assert change.changes["max_amount"] == [None, "100.00"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"days": 0}, "days"),
            ({"price": Decimal(500)}, "price"),
            ({"valid_from": TODAY, "valid_to": TODAY}, "valid_to"),
            ({"max_debt": Decimal(1), "min_debt": Decimal(2)}, "max_debt"),
            ({"credit_classes": ["gold"]}, "credit_classes"),
            ({"times": 1, "times_days": 0}, "times_days"),
            ({"min_payments": 1, "history_days": 0}, "history_days"),
        ],
    )
    def test_a_senseless_rule_is_refused(self, changes: dict, field: str) -> None:
        rule = PromiseRule.objects.get()
        for name, value in changes.items():
            setattr(rule, name, value)
        with pytest.raises(UnableToWriteRule) as refusal:
            credit_rules.save_promise_rule(rule=rule, now=NOON, actor=CLERK)
        assert refusal.value.field == field
        assert not CreditRuleChange.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"), [({"code": "gold"}, "code"), ({"is_active": False}, "is_active")]
    )
    def test_the_class_of_new_accounts_stays(self, changes: dict, field: str) -> None:
        standard = CreditClass.objects.get(code="standard")
        for name, value in changes.items():
            setattr(standard, name, value)
        with pytest.raises(UnableToChangeCredit) as refusal:
            credit_rules.save_credit_class(credit_class=standard, now=NOON, actor=CLERK)
        assert refusal.value.field == field


# name of the promise -> a statement that breaks it
FAULTS = {
    "an account is of a credit class there is": "UPDATE accounts_account SET credit_class = 'gold'",
    "class and limit of an account are those agreed last": (
        "UPDATE accounts_account SET credit_limit = 777"
    ),
    "the floor is the credit limit, the open promise and what is disputed": (
        "UPDATE accounts_accountbalance SET floor = floor + 1"
    ),
    "each change of credit begins where the last one ended": (
        "INSERT INTO accounts_creditchange (account_id, class_before, class_after, limit_before,"
        " limit_after, is_own, reason, changed_at, actor, on_behalf_of)"
        " SELECT id, 'standard', credit_class, 5, credit_limit, false, '', now(), 'x', ''"
        " FROM accounts_account"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(account: Account, name: str) -> None:
    choose(account, "300")
    assert broken() == []
    run(FAULTS[name])
    assert name in broken()


def test_each_promise_about_credit_has_a_planted_fault() -> None:
    assert {each.name for each in credit_invariants()} <= FAULTS.keys()
