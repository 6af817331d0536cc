"""Credit at the desk: limits, classes, promised payments of an account; the rules for all."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, CreditClass, Subscription
from dunning.models import CreditRuleChange, PromisedPayment, PromiseRule
from tests.integration.crm.conftest import StaffClient
from tests.subscribers import charge, connect, pay

pytestmark = pytest.mark.django_db


def address(name: str, *args: int) -> str:
    return reverse(f"crm:{name}", args=args)


@pytest.fixture
def internet(bob: Account) -> Subscription:
    """Bob owes 120; his class lets him choose up to 400."""
    CreditClass.objects.filter(code="standard").update(largest_own_limit=Decimal(400))
    subscription = connect(bob)
    charge(bob, "120.00")
    return subscription


def text(client: object, name: str, *args: int) -> str:
    return client.get(address(name, *args)).content.decode()  # type: ignore[attr-defined]


class TestOfAnAccount:
    def test_agent_sets_the_limit_on_the_subscribers_word_by_the_rules_of_the_portal(
        self, as_role: StaffClient, bob: Account, internet: Subscription
    ) -> None:
        agent = as_role("agent")
        refused = agent.post(address("choose-limit", bob.pk), {"limit": "400"}).content.decode()
        assert "Станет можно после платежа на 120,00" in refused
        pay(bob, "120.00")
        agent.post(address("choose-limit", bob.pk), {"limit": "400"})
        bob.refresh_from_db()
        assert bob.credit_limit == Decimal(400)
        page = text(agent, "credit", bob.pk)
        assert "по выбору абонента" in page
        assert "agent Петрова" in page
        history = text(agent, "card", bob.customer_id)
        assert "Кредитный лимит изменён" in history
        assert "0,00 ₽ → 400,00 ₽" in history.replace("\xa0", " ")

    def test_accountant_grants_a_limit_and_changes_the_class_with_a_reason(
        self, as_role: StaffClient, bob: Account, internet: Subscription
    ) -> None:
        accountant = as_role("accountant")
        accountant.post(address("grant-limit", bob.pk), {"limit": "1500", "reason": "VIP"})
        sent = {"credit_class": "trusted", "reason": "платит вовремя"}
        accountant.post(address("credit-class", bob.pk), sent)
        bob.refresh_from_db()
        assert (bob.credit_limit, bob.credit_class) == (Decimal(1500), "trusted")
        page = text(accountant, "credit", bob.pk)
        assert "обычный → <b>надёжный</b>" in page
        assert "платит вовремя" in page
        assert "обычный → надёжный" in text(accountant, "card", bob.customer_id)

    def test_without_a_reason_nothing_changes(
        self, as_role: StaffClient, bob: Account, internet: Subscription
    ) -> None:
        accountant = as_role("accountant")
        accountant.post(address("grant-limit", bob.pk), {"limit": "1500", "reason": ""})
        accountant.post(address("credit-class", bob.pk), {"credit_class": "risky", "reason": " "})
        bob.refresh_from_db()
        assert (bob.credit_limit, bob.credit_class) == (Decimal(0), "standard")

    def test_rights_are_kept(self, as_role: StaffClient, bob: Account) -> None:
        agent, cashier = as_role("agent"), as_role("cashier")
        assert "Назначить лимит" not in text(agent, "credit", bob.pk)
        assert "Лимит со слов абонента" not in text(cashier, "credit", bob.pk)
        for name in ("grant-limit", "credit-class"):
            assert agent.post(address(name, bob.pk)).status_code == 403
        assert cashier.post(address("choose-limit", bob.pk)).status_code == 403

    def test_a_refused_promise_is_explained_with_what_helps(
        self, as_role: StaffClient, bob: Account, internet: Subscription
    ) -> None:
        PromiseRule.objects.update(min_paid=Decimal(300), min_months=2)
        Account.objects.update(opened_on=timezone.localdate())
        page = text(as_role("agent"), "credit", bob.pk)
        assert "стажем от стольких месяцев: 2. Можно с" in page
        assert "Станет можно после платежа на 300,00" in page

    def test_an_exact_promise_is_given_with_its_rule(
        self, as_role: StaffClient, bob: Account, internet: Subscription
    ) -> None:
        PromiseRule.objects.update(amount_is="missing", price=Decimal(10))
        agent = as_role("agent")
        assert 'value="130"' in text(agent, "give-promise", bob.pk)
        wrong = agent.post(address("give-promise", bob.pk), {"amount": "200"}).content.decode()
        assert "Сумма может быть только 130,00" in wrong
        agent.post(address("give-promise", bob.pk), {"amount": "130"})
        promise = PromisedPayment.objects.get()
        assert (promise.amount, promise.rule) == (Decimal(130), PromiseRule.objects.get())
        assert "Для всех" in text(agent, "credit", bob.pk)


RULE = {
    "name_ru": "Новым абонентам",
    "name_en": "For new ones",
    "position": "10",
    "is_active": "on",
    "amount_is": "up_to",
    "max_amount": "300",
    "fee_percent": "100",
    "days": "3",
    "price": "0",
    "days_between": "0",
    "times": "2",
    "times_in": "month",
    "times_days": "30",
    "min_months": "0",
    "min_payments": "0",
    "min_paid": "0",
    "history_days": "90",
    "unbroken_months": "0",
    "min_debt": "0",
}


class TestRules:
    def test_one_is_written_tried_and_listed(
        self, as_role: StaffClient, alice: Account, bob: Account, internet: Subscription
    ) -> None:
        admin = as_role("administrator")
        for_prepaid = RULE | {"account_kinds": ["prepaid"]}
        tried = admin.post(
            address("catalogue-new-promise-rule"), for_prepaid | {"preview": "1"}
        ).content.decode()
        assert PromiseRule.objects.count() == 1
        assert "Открытых счетов: 1." in tried
        assert bob.number in tried
        assert alice.number not in tried
        admin.post(address("catalogue-new-promise-rule"), for_prepaid)
        rule = PromiseRule.objects.get(position=10)
        assert (rule.account_kinds, rule.times, rule.max_debt) == (["prepaid"], 2, None)
        page = text(admin, "catalogue-credit")
        for words in ("Новым абонентам", "не чаще 2 раз в месяц", "до 300,00", "administrator П"):
            assert words in page.replace("\xa0", " ")

    def test_what_was_changed_is_told_before_and_after(self, as_role: StaffClient) -> None:
        admin = as_role("administrator")
        rule = PromiseRule.objects.get()
        sent = RULE | {"max_amount": "700", "position": "100", "times_in": "days"}
        admin.post(address("catalogue-promise-rule", rule.pk), sent)
        page = text(admin, "catalogue-promise-rule", rule.pk)
        assert "500,00 → <b>700,00</b>" in page
        assert "календарный месяц → <b>столько-то дней</b>" in page

    def test_a_senseless_one_is_refused_beside_its_field(self, as_role: StaffClient) -> None:
        sent = RULE | {"valid_from": "2026-11-02", "valid_to": "2026-11-02"}
        answer = as_role("administrator").post(address("catalogue-new-promise-rule"), sent)
        assert "Правило никогда бы не действовало" in answer.content.decode()
        assert not CreditRuleChange.objects.exists()

    def test_a_class_is_written_and_shows_its_accounts(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        admin = as_role("administrator")
        sent = {
            "code": "gold", "name_ru": "золотой", "name_en": "gold", "position": "5",
            "largest_own_limit": "5000", "dispute_cap": "", "may_promise": "on", "is_active": "on",
            "deposit_percent": "0",
        }  # fmt: skip
        admin.post(address("catalogue-new-credit-class"), sent)
        gold = CreditClass.objects.get(code="gold")
        admin.post(address("catalogue-credit-class", gold.pk), sent | {"dispute_cap": "100"})
        gold.refresh_from_db()
        assert gold.dispute_cap == Decimal(100)
        page = text(admin, "catalogue-credit")
        assert "золотой" in page
        assert "полностью → " not in page
        assert CreditRuleChange.objects.filter(what="credit_class").count() == 2

    def test_an_agent_reads_and_writes_nothing(self, as_role: StaffClient) -> None:
        agent = as_role("agent")
        assert "Новое правило" not in text(agent, "catalogue-credit")
        assert agent.post(address("catalogue-new-promise-rule"), RULE).status_code == 403

    def test_a_rule_of_tomorrow_is_shown_as_such(self, as_role: StaffClient) -> None:
        tomorrow = timezone.localdate() + timedelta(days=1)
        PromiseRule.objects.update(valid_from=tomorrow)
        assert "ещё не действует" in text(as_role("agent"), "catalogue-credit")
