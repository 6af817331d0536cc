"""Payments and charges by processes of the release before, which go on while tables change."""

import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Self

import psycopg2

NOW: Final = datetime(2026, 10, 17, 9, tzinfo=UTC)
DAY: Final = date(2026, 10, 17)

#: What that release sends for a payment and for an adjustment, as it was logged.
PAYMENT: Final = """
    WITH paid AS (
        INSERT INTO accounts_payment (account_id, amount, currency, gateway, external_id, paid_at,
            business_date, state, comment, actor, on_behalf_of)
        VALUES (%(account)s, %(amount)s, 'RUB', 'terminal', %(key)s, %(now)s, %(day)s, 'posted', '',
            'system:terminal', '') RETURNING id
    )
    INSERT INTO accounts_paymentreference (gateway, external_id, account_id, amount, payment_id)
    SELECT 'terminal', %(key)s, %(account)s, %(amount)s, id FROM paid RETURNING payment_id
"""
ADJUSTMENT: Final = """
    INSERT INTO accounts_adjustment (account_id, amount, reason, request_id, business_date,
        adjusted_at, actor)
    VALUES (%(account)s, %(amount)s, 'usage', %(key)s, %(day)s, %(now)s, 'staff:1') RETURNING id
"""
POST: Final = """
    SELECT outcome FROM accounts_post(%(account)s, %(kind)s::smallint, %(ref)s, %(amount)s, %(day)s,
        %(contra)s::smallint, 1::smallint, %(now)s, NULL, NULL, NULL, NULL, 'system:terminal', '')
"""
#: statement, kind and contra account of its entry, amount
WORK: Final = (
    (PAYMENT, 1, 1, Decimal("10.00")),
    (ADJUSTMENT, 30, 20, Decimal("-3.35")),
)


@dataclass
class Traffic:
    """One writer; each item is tried until its transaction is committed, as a terminal does."""

    address: str
    accounts: list[int]
    done: int = 0
    refused: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        self.goes_on()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def goes_on(self) -> None:
        """Return once something that begins now is written."""
        seen = self.done
        while self.done < seen + 2:
            assert self._thread.is_alive()
            self._over.wait(0.01)

    @property
    def money(self) -> dict[str, Decimal]:
        """What should have been posted, by key."""
        return {f"during-{item}": WORK[item % len(WORK)][3] for item in range(self.done)}

    def _work(self) -> None:
        while not self._over.is_set():
            self._try(self.done)
            self._over.wait(0.02)

    def _try(self, item: int) -> None:
        try:
            with closing(psycopg2.connect(self.address)) as connection, connection:
                self._write(connection.cursor(), item)
        except psycopg2.errors.UniqueViolation:
            # Committed, but the answer was lost.
            self.done += 1
        except psycopg2.Error as error:
            self.refused.append(str(error))
        else:
            self.done += 1

    def _write(self, cursor: Any, item: int) -> None:
        statement, kind, contra, amount = WORK[item % len(WORK)]
        values = {
            "account": self.accounts[item % len(self.accounts)],
            "amount": amount,
            "key": f"during-{item}",
            "now": NOW,
            "day": DAY,
            "kind": kind,
            "contra": contra,
        }
        cursor.execute(statement, values)
        cursor.execute(POST, {**values, "ref": cursor.fetchone()[0]})
        assert cursor.fetchone() == ("posted",)
