"""
Statements as banks write them in 1CClientBankExchange, for tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

OURS = "40702810900000000017"
BANK_ENCODINGS = {"cp1251": "Windows", "cp866": "DOS", "utf-8-sig": "UTF-8"}


@dataclass(frozen=True)
class Order:
    """A payment order as a bank writes it."""

    amount: str
    purpose: str = "Оплата за услуги связи"
    number: str = "1"
    day: str = "02.11.2026"
    payer: str = 'ООО "Берег"'
    inn: str = "7801000005"
    payer_account: str = "40702810100000000001"
    payee_account: str = OURS
    received: str | None = None
    paid: str = ""

    def lines(self) -> list[str]:
        """The section of the document."""
        received = self.day if self.received is None else self.received
        return [
            "СекцияДокумент=Платежное поручение",
            f"Номер={self.number}",
            f"Дата={self.day}",
            f"Сумма={self.amount}",
            f"ПлательщикСчет={self.payer_account}",
            f"ДатаСписано={self.paid}",
            f"Плательщик=ИНН {self.inn} {self.payer}",
            f"ПлательщикИНН={self.inn}",
            f"Плательщик1={self.payer}",
            f"ПлательщикРасчСчет={self.payer_account}",
            'ПлательщикБанк1=ПАО "Невский банк"',
            "ПлательщикБИК=044030790",
            f"ПолучательСчет={self.payee_account}",
            f"ДатаПоступило={received}",
            'Получатель=ИНН 7830002293 ООО "Ладога Телеком"',
            "ПолучательИНН=7830002293",
            "ВидОплаты=01",
            "Очередность=5",
            f"НазначениеПлатежа={self.purpose}",
            "КонецДокумента",
        ]


def outgoing(amount: str, **said: str) -> Order:
    """Money that leaves our account."""
    return Order(
        amount, payer_account=OURS, payee_account="40702810500000000099", paid="02.11.2026", **said
    )


def section(
    orders: Iterable[Order], *, account: str = OURS, opening: str = "1000.00", **said: str
) -> list[str]:
    """The part about one account, with totals that hold unless told otherwise."""
    orders = list(orders)
    came = sum((Decimal(o.amount) for o in orders if o.payee_account == account), Decimal(0))
    went = sum((Decimal(o.amount) for o in orders if o.payer_account == account), Decimal(0))
    figures = {
        "ДатаНачала": "02.11.2026",
        "ДатаКонца": "02.11.2026",
        "РасчСчет": account,
        "НачальныйОстаток": opening,
        "ВсегоПоступило": f"{came:.2f}",
        "ВсегоСписано": f"{went:.2f}",
        "КонечныйОстаток": f"{Decimal(opening) + came - went:.2f}",
        **said,
    }
    body = [f"{key}={value}" for key, value in figures.items()]
    return ["СекцияРасчСчет", *body, "КонецРасчСчет"]


def statement_lines(
    orders: Iterable[Order], *, encoding: str = "cp1251", sections: list[str] | None = None
) -> list[str]:
    """All lines of a file."""
    orders = list(orders)
    header = [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        f"Кодировка={BANK_ENCODINGS[encoding]}",
        "Отправитель=Невский клиент-банк 7",
        "Получатель=1С:Предприятие",
        "ДатаСоздания=03.11.2026",
        "ВремяСоздания=07:15:00",
        "ДатаНачала=02.11.2026",
        "ДатаКонца=02.11.2026",
        f"РасчСчет={OURS}",
        "Документ=Платежное поручение",
    ]
    body = [line for order in orders for line in order.lines()]
    told = section(orders) if sections is None else sections
    return [*header, *told, *body, "КонецФайла", ""]


def statement(
    *orders: Order, encoding: str = "cp1251", sections: list[str] | None = None, end: str = "\r\n"
) -> bytes:
    """A file as bytes."""
    lines = statement_lines(orders, encoding=encoding, sections=sections)
    return end.join(lines).encode(encoding)
