"""
Money by the file: a terminal's registry whose payments are all missing here, and a bank statement;
read, matched, stored, credited; then the same file once more, which changes nothing.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from bench.figures import Figure
from bench.money import one
from bench.setting import DAY, NOW, Setting, timed

#: Seconds for 200,000 lines.
MOST_SECONDS: Final = 60
GATE_LINES: Final = 200_000
BANK_ACCOUNT: Final = "40702810900000000017"
PAYER: Final = "40817810000000000001"
DOCUMENT: Final = """СекцияДокумент=Платежное поручение
Номер={place}
Дата={day}
Сумма={amount}
ПлательщикСчет={payer}
Плательщик1=Иванов Иван {place}
ПолучательСчет={account}
ДатаПоступило={day}
НазначениеПлатежа=Оплата услуг связи, л/с {number}
КонецДокумента
"""
STATEMENT: Final = """1CClientBankExchange
Кодировка=UTF-8
Отправитель=Bench
РасчСчет={account}
ДатаНачала={day}
ДатаКонца={day}
{documents}КонецФайла
"""


def measure(setting: Setting) -> None:
    """Bring a registry and a statement of so many lines, each twice."""
    lines = setting.options.lines
    numbers = _numbers(lines)
    for name, bring in (("registry", _registry(numbers)), ("statement", _statement(numbers))):
        before = _payments()
        seconds, _answer = timed(bring)
        credited = _payments() - before
        again, _answer = timed(bring)
        gate = MOST_SECONDS * lines / GATE_LINES if lines >= GATE_LINES // 10 else None
        setting.tell(Figure(f"{name}: {lines:,} lines", seconds, "s", most=gate))
        setting.tell(Figure(f"{name}: the same again", again, "s"))
        setting.tell(Figure(f"{name}: lines not credited", lines - credited, "", most=0))
        changed = _payments() - before - credited
        setting.tell(Figure(f"{name}: payments by the same again", changed, "", most=0))


def _registry(numbers: list[str]) -> Callable[[], object]:
    from accounts.models import Terminal
    from accounts.operations.terminals.registries import receive_registry

    terminal = Terminal.objects.create(
        code="bench", name="Bench", networks="127.0.0.1/32", takes_missing=True
    )
    moment = DAY.strftime("%Y%m%d120000")
    rows = (f"r{place};{moment};{number};{_amount(place)}" for place, number in enumerate(numbers))
    data = "\n".join(rows).encode()
    return lambda: receive_registry(
        terminal_id=terminal.pk, on=DAY, data=data, file_name="bench.csv", now=NOW, actor="bench"
    )


def _statement(numbers: list[str]) -> Callable[[], object]:
    from accounts.models import LegalEntity
    from accounts.operations import statements
    from invoicing.queries.bill_numbers import accounts_of_bills

    LegalEntity.objects.update(bank_account=BANK_ACCOUNT)
    day = DAY.strftime("%d.%m.%Y")
    text = STATEMENT.format(
        account=BANK_ACCOUNT, day=day, documents="".join(_documents(numbers, day))
    )
    data = text.encode()

    def bring() -> Any:
        received = statements.receive_statement(
            data=data, name="bench.txt", bills=accounts_of_bills, business_date=DAY,
            now=NOW, actor="bench",
        )  # fmt: skip
        statement_id = received.statement.pk
        statements.confirm_statement(statement_id=statement_id, now=NOW, actor="bench")
        return statements.finish_statement(statement_id=statement_id, now=NOW)

    return bring


def _documents(numbers: list[str], day: str) -> Iterator[str]:
    for place, number in enumerate(numbers):
        yield DOCUMENT.format(
            place=place,
            day=day,
            amount=_amount(place),
            payer=PAYER,
            account=BANK_ACCOUNT,
            number=number,
        )


def _numbers(lines: int) -> list[str]:
    """Return account numbers, each account again and again if there are fewer than lines."""
    from accounts.models import Account

    found = list(Account.objects.order_by("id").values_list("number", flat=True)[:lines])
    return [found[place % len(found)] for place in range(lines)]


def _amount(place: int) -> Decimal:
    return Decimal(100 + place % 900)


def _payments() -> int:
    return int(one("SELECT count(*) FROM accounts_payment"))
