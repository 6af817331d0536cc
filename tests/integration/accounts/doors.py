"""
Every door by which money comes, played over HTTP with what may go wrong: for test_every_door.

Each misfortune is a method of the door and answers what must come of it. Times: the clock stands at
noon until a method moves it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account, CardPayment, SavedCard
from accounts.operations import acquiring, statements
from tests import people
from tests.acquirers import Bank, Notice, set_up, stripe_notice, yookassa_notice
from tests.bank_files import Order, statement
from tests.cards import paid
from tests.machines import terminal
from tests.scratch_cards import a_series

INCOMING = "/crm/payments/incoming/"


@dataclass
class Outcome:
    """The amounts credited, one payment each; `given_back` of them; where an agent sees what."""

    credited: tuple[str, ...] = ("100",)
    given_back: str = "0"
    page: str = INCOMING
    seen: tuple[str, ...] = ("✓ зачислен",)
    unseen: tuple[str, ...] = ()


@dataclass
class World:
    """What a door stands in: a subscriber, staff, an acquirer's API, a clock."""

    alice: Account
    as_role: Callable[[str], Client]
    bank: Bank
    monkeypatch: Any
    now: datetime = people.NOON
    more: dict[str, Any] = field(default_factory=dict)

    def subscriber(self, account: Account | None = None) -> Client:
        """A browser of a subscriber, signed in at this moment."""
        browser = Client()
        login = (account or self.alice).customer.users.get()
        browser.force_login(login, backend="portal.auth.SubscriberBackend")
        return browser

    @property
    def card(self) -> str:
        """Where the subscriber's money is seen."""
        return f"/crm/customers/{self.alice.customer_id}/"


@contextmanager
def falling(target: str) -> Iterator[None]:
    """The database goes away at this point."""
    with patch(target, side_effect=OperationalError):
        yield


class Door:
    """A way for money to come in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open()

    def open(self) -> None:
        """Prepare the door; the desk and others need nothing."""

    def later(self, **span: int) -> None:
        self.world.now += timedelta(**span)


class TerminalDoor(Door):
    """The check/pay protocol."""

    def open(self) -> None:
        _row, self.machine = terminal("qiwi")

    def pay(self, key: str = "7", amount: str = "100.00", when: str = "20261102120000") -> str:
        number = self.world.alice.number
        return self.machine.pay(key, number, amount=amount, when=when)["result"]

    def five(self) -> Outcome:
        assert {self.pay() for _ in range(5)} == {"0"}
        return Outcome(seen=("✓ зачислен", "qiwi"))

    def reordered(self) -> Outcome:
        """The cancellation comes before its payment, the later payment before the earlier."""
        assert self.machine.ask("cancel", "8")["result"] == "300"
        assert (self.pay("8", "30.00"), self.pay("7")) == ("0", "0")
        return Outcome(("30", "100"), seen=("✓ зачислен", "30,00", "100,00"))

    def late(self) -> Outcome:
        self.later(days=3)
        assert self.pay() == "0"
        return Outcome(seen=("✓ зачислен", "2 ноября 2026"))

    def lost(self) -> Outcome:
        """Stored, and the database is gone before the money is credited."""
        with falling("accounts.operations.intake.receiving.take_payment"):
            assert self.pay() == "1"
        self.later(minutes=5)
        assert self.pay() == "0"
        return Outcome()

    def forged(self) -> Outcome:
        self.machine.password = "guessed"
        answer = self.machine.send(command="pay", txn_id="7")
        assert answer.status_code == 401
        return Outcome((), seen=(), unseen=("100,00",))


class AcquirerDoor(Door, ABC):
    """A card payment begun in the self-service account; its notices over HTTP."""

    kind = ""

    def open(self) -> None:
        set_up(self.world.bank, self.kind, self.world.monkeypatch)

    def begin(self) -> None:
        form = {"amount": "100", "key": "k1"}
        answer = self.world.subscriber().post("/payments/top-up/", form)
        assert answer.status_code == 302, answer.content.decode()
        self.world.subscriber().get(answer["Location"])

    @abstractmethod
    def notice(self, name: str = "") -> Notice:
        """What the acquirer says of a payment, or of what it is called."""

    def tell(self, notice: Notice, *, source: str = "127.0.0.1") -> int:
        answer: HttpResponse = Client().post(
            f"/acquirers/{self.kind}/",
            notice.body,
            content_type="application/json",
            headers=notice.headers,
            REMOTE_ADDR=source,
        )
        return answer.status_code

    def work(self) -> None:
        """What the worker does meanwhile."""
        acquiring.settle(now=self.world.now)

    def five(self) -> Outcome:
        self.begin()
        self.world.bank.pay()
        assert {self.tell(self.notice()) for _ in range(5)} == {200}
        self.work()
        assert self.tell(self.notice()) == 200
        self.later(hours=1)
        self.work()
        return Outcome(seen=("✓ зачислен", self.kind))

    def reordered(self) -> Outcome:
        """Part is given back at the acquirer's screen; that is told before the payment."""
        self.begin()
        refund = self.world.bank.give_back(self.world.bank.pay(), 4000, {})["id"]
        assert self.tell(self.notice(refund)) == 200
        self.work()
        assert self.tell(self.notice()) == 200
        self.later(minutes=5)
        self.work()
        return Outcome(given_back="40", page=self.world.card, seen=("100,00", "40,00"))

    def late(self) -> Outcome:
        """Nobody hears of the payment for three days."""
        self.begin()
        charge = self.world.bank.pay()
        self.later(days=3)
        assert self.tell(self.notice(charge.id)) == 200
        self.work()
        return Outcome()

    def lost(self) -> Outcome:
        """The answer to the asking is lost, the payer pays all the same."""
        self.world.bank.faults = ["lost"]
        self.begin()
        assert CardPayment.objects.get().state == "unknown"
        self.world.bank.pay()
        for _ in range(3):
            self.later(hours=1)
            self.work()
        return Outcome()

    def forged(self) -> Outcome:
        """A notice that isn't theirs about a payment that wasn't made."""
        self.begin()
        assert self.forge() == 400
        self.later(minutes=5)
        self.work()
        return Outcome((), seen=(), unseen=("100,00",))

    @abstractmethod
    def forge(self) -> int:
        """Send what isn't theirs; return the answer's status."""


class YooKassaDoor(AcquirerDoor):
    kind = "yookassa"

    def notice(self, name: str = "") -> Notice:
        made = name or self.world.bank.made[-1].id
        event = "payment.succeeded" if made in self.world.bank.charges else "refund.succeeded"
        return yookassa_notice(self.world.bank, event, made)

    def forge(self) -> int:
        self.world.bank.made[-1].status = "paid"
        body = self.notice()
        self.world.bank.made[-1].status = "open"
        return self.tell(body, source="203.0.113.5")


class StripeDoor(AcquirerDoor):
    kind = "stripe"

    def notice(self, name: str = "", **more: str) -> Notice:
        refunded = name in self.world.bank.refunds
        kind = "refund.created" if refunded else "checkout.session.completed"
        about = name if refunded else self.world.bank.made[-1].session
        return stripe_notice(self.world.bank, kind, about, at=self.world.now, **more)

    def forge(self) -> int:
        return self.tell(self.notice(secret="another"))


class AutopayDoor(YooKassaDoor):
    """A standing order below a threshold; 50 are there, kept from the payment that kept the card."""

    def open(self) -> None:
        super().open()
        paid(self.world.alice, self.world.bank, "50.00", saves_card=True)
        self.later(hours=2)

    def order(self, account: Account | None = None) -> HttpResponse:
        form = {
            "card": str(SavedCard.objects.get().pk),
            "amount": "100",
            "monthly_cap": "900",
            "trigger": "threshold",
            "threshold": "60",
            "agrees": "on",
        }
        return self.world.subscriber(account).post("/payments/autopay/", form)

    def begin(self) -> None:
        assert self.order().status_code == 302
        acquiring.run_autopay(now=self.world.now)

    def notice(self, name: str = "") -> Notice:
        return yookassa_notice(self.world.bank, "payment.succeeded", self.world.bank.made[-1].id)

    def outcome(self, **more: Any) -> Outcome:
        return Outcome(("50", "100"), **more)

    def five(self) -> Outcome:
        self.begin()
        for _ in range(5):
            acquiring.run_autopay(now=self.world.now)
            assert self.tell(self.notice()) == 200
            self.work()
        return self.outcome(seen=("✓ зачислен", "100,00", "50,00"))

    def reordered(self) -> Outcome:
        """The notice comes before our asking has been answered."""
        self.world.bank.faults = ["lost"]
        self.begin()
        assert self.tell(self.notice()) == 200
        self.work()
        return self.outcome()

    def late(self) -> Outcome:
        """Three days without an answer: never asked again by itself, and then the notice."""
        self.world.bank.faults = ["lost"]
        self.begin()
        self.later(days=3)
        asked = len(self.world.bank.requests)
        self.work()
        assert len(self.world.bank.requests) == asked
        waiting = self.world.as_role("accountant").get("/crm/payments/cards/").content.decode()
        assert "Лодкина" in waiting
        assert self.tell(self.notice()) == 200
        self.later(hours=2)
        self.work()
        return self.outcome()

    def lost(self) -> Outcome:
        self.world.bank.faults = ["lost"]
        self.begin()
        assert CardPayment.objects.get(autopay__isnull=False).state == "unknown"
        self.later(hours=5)
        self.work()
        acquiring.run_autopay(now=self.world.now)
        return self.outcome()

    def forged(self) -> Outcome:
        """Somebody else's card."""
        assert self.order(self.world.more["bob"]).status_code in {200, 404}
        acquiring.run_autopay(now=self.world.now)
        return Outcome(("50",), seen=("50,00",), unseen=("100,00",))


class BankDoor(Door):
    """A statement brought by an accountant and confirmed."""

    def order(self, amount: str = "100.00", **said: str) -> Order:
        return Order(amount, purpose=f"л/с {self.world.alice.number}", **said)

    def bring(self, data: bytes, role: str = "accountant") -> HttpResponse:
        file = SimpleUploadedFile("kl_to_1c.txt", data, content_type="text/plain")
        return self.world.as_role(role).post("/crm/statements/", {"file": file})

    def confirm(self, *orders: Order) -> HttpResponse:
        answer = self.bring(statement(*orders))
        return self.world.as_role("accountant").post(f"{answer['Location']}confirm/")

    def five(self) -> Outcome:
        for _ in range(5):
            self.confirm(self.order())
        return Outcome(seen=("✓ зачислен", "банк"))

    def reordered(self) -> Outcome:
        """Today's statement, with yesterday's document in it, comes before yesterday's."""
        former, newest = self.order(day="01.11.2026"), self.order("30.00", number="2")
        self.confirm(former, newest)
        self.confirm(former)
        return Outcome(("100", "30"), seen=("✓ зачислен", "30,00"))

    def late(self) -> Outcome:
        self.later(days=3)
        self.confirm(self.order())
        return Outcome(seen=("✓ зачислен", "2 ноября 2026"))

    def lost(self) -> Outcome:
        """Confirmed, and the database is gone while it is loaded."""
        answer = self.bring(statement(self.order()))
        browser = self.world.as_role("accountant")
        browser.raise_request_exception = False
        with falling("accounts.operations.statements.loading.receive_many"):
            browser.post(f"{answer['Location']}confirm/")
        self.later(minutes=2)
        statements.finish_statements(now=self.world.now)
        return Outcome()

    def forged(self) -> Outcome:
        """By somebody who may not, and cut short."""
        assert self.bring(statement(self.order()), role="agent").status_code == 403
        cut = self.bring(statement(self.order())[:-200])
        assert cut.status_code == 200
        return Outcome((), seen=(), unseen=("100,00",))


class DeskDoor(Door):
    """A cashier with an open shift."""

    def open(self) -> None:
        self.address = f"/crm/accounts/{self.world.alice.pk}/payment/"
        self.post(opens="1", opening="0")

    def post(self, role: str = "cashier", **form: str) -> HttpResponse:
        browser = self.world.as_role(role)
        browser.raise_request_exception = False
        return browser.post(self.address, form)

    def pay(self, key: str = "k1", amount: str = "100", role: str = "cashier") -> int:
        form = {"amount": amount, "method": "cash", "request_id": key}
        return self.post(role, **form).status_code

    def outcome(self, *amounts: str, **more: Any) -> Outcome:
        return Outcome(amounts or ("100",), page=self.world.card, seen=("100,00",), **more)

    def five(self) -> Outcome:
        assert {self.pay() for _ in range(5)} == {302}
        return self.outcome()

    def reordered(self) -> Outcome:
        """The second form gets through first, the first one later and twice."""
        assert [self.pay("k2", "30"), self.pay(), self.pay("k2", "30"), self.pay()] == [302] * 4
        return self.outcome("30", "100")

    def late(self) -> Outcome:
        """The form is sent again three days later, when its shift is over."""
        assert self.pay() == 302
        self.later(days=3)
        assert self.pay() == 302
        return self.outcome()

    def lost(self) -> Outcome:
        with falling("accounts.operations.payments.write_sold"):
            assert self.pay() == 500
        assert self.pay() == 302
        return self.outcome()

    def forged(self) -> Outcome:
        assert self.pay(role="agent") == 403
        return Outcome((), page=self.world.card, seen=(), unseen=("100,00",))


class VoucherDoor(Door):
    """A scratch card in the self-service account."""

    def open(self) -> None:
        _series, self.codes = a_series(
            2, now=self.world.now, today=self.world.now.date(), nominal=Decimal("100.00")
        )

    def redeem(self, code: str) -> int:
        browser = self.world.subscriber()
        browser.raise_request_exception = False
        return browser.post("/payments/voucher/", {"code": code}).status_code

    def outcome(self, *amounts: str) -> Outcome:
        return Outcome(amounts or ("100",), page=self.world.card, seen=("100,00",))

    def five(self) -> Outcome:
        assert {self.redeem(self.codes[0]) for _ in range(5)} == {302}
        return self.outcome()

    def reordered(self) -> Outcome:
        assert [self.redeem(code) for code in self.codes[::-1]] == [302, 302]
        return self.outcome("100", "100")

    def late(self) -> Outcome:
        """The same form three days later."""
        assert self.redeem(self.codes[0]) == 302
        self.later(days=3)
        assert self.redeem(self.codes[0]) == 302
        return self.outcome()

    def lost(self) -> Outcome:
        with falling("accounts.operations.payments.write_sold"):
            assert self.redeem(self.codes[0]) == 500
        assert self.redeem(self.codes[0]) == 302
        return self.outcome()

    def forged(self) -> Outcome:
        assert self.redeem("0" * 16) == 200
        return Outcome((), page=self.world.card, seen=(), unseen=("100,00",))


DOORS: dict[str, type[Door]] = {
    "terminal": TerminalDoor,
    "yookassa": YooKassaDoor,
    "stripe": StripeDoor,
    "autopay": AutopayDoor,
    "bank statement": BankDoor,
    "cash desk": DeskDoor,
    "voucher": VoucherDoor,
}
MISFORTUNES = ("five", "reordered", "late", "lost", "forged")
