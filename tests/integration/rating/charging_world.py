"""A switch that asks before it connects: helpers of the tests of online charging."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models.ledger import AccountBalance
from bench.world import FIRST_NUMBER, Operator
from rating.models import ChargingClient, ChargingSession
from rating.operations import charging
from rating.operations.charging import Answer, Ask
from rating.queries.charging import Client, Reference, load_reference
from tariffs.domain.deck import UsageKind

#: A Wednesday, noon in Moscow.
NOON = datetime(2026, 11, 18, 9, tzinfo=UTC)
HOME, COUNTRY, USA, HELP = "79210000099", "79031234567", "12125550100", "112"


@dataclass
class Switch:
    """Speaks for one client; its clock goes on when told."""

    operator: Operator
    reference: Reference
    code: str = "softswitch"
    now: datetime = NOON
    terms: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        source = self.operator.sources["csv-1"]
        self.token = charging.add_client(
            code=self.code, name=self.code, source=source, **self.terms
        )
        self.row = ChargingClient.objects.select_related("source").get(code=self.code)
        self.client = Client.of(self.row)

    def later(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def ask(self, verb: str, session: str = "a", sequence: int = 0, **asked: Any) -> Answer:
        operation = getattr(charging, {"event": "charge_event"}.get(verb, verb))
        if verb in {"authorise", "reserve", "event"}:
            asked.setdefault("subscriber", str(FIRST_NUMBER))
            asked.setdefault("number", HOME)
        ask = Ask(verb, session, sequence, **asked)
        answer: Answer = operation(ask, client=self.client, reference=self.reference, now=self.now)
        return answer

    def told(
        self, verb: str, session: str = "a", sequence: int = 0, **asked: Any
    ) -> dict[str, Any]:
        return self.ask(verb, session, sequence, **asked).values()


def switch(operator: Operator, **how: Any) -> Switch:
    """A switch of the operator, with the prices of now."""
    return Switch(operator, load_reference(on=NOON.date()), **how)


def give(operator: Operator, amount: str, *, place: int = 0) -> int:
    """Put money on the account of the subscriber at a place; return the account."""
    account = operator.accounts[place].pk
    accounts_operations.take_payment(
        account_id=account,
        amount=Decimal(amount),
        gateway="test",
        external_id=f"{account}-{amount}",
        paid_at=NOON,
        business_date=NOON.date(),
        now=NOON,
        actor="system:test",
    )
    return account


def figures(account: int) -> tuple[Decimal, Decimal]:
    """Money and held of an account."""
    row = AccountBalance.objects.get(pk=account)
    return row.money, row.held


def session(key: str = "a") -> ChargingSession:
    return ChargingSession.objects.get(session_key=key)


def available(account: int) -> Decimal:
    return accounts_queries.get_balance(account).available


VOICE, SMS, DATA, SESSION = UsageKind.VOICE, UsageKind.SMS, UsageKind.DATA, UsageKind.SESSION
