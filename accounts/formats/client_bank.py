"""
Bank statements in 1CClientBankExchange: `Key=Value` lines in sections, cp1251, cp866 or UTF-8.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.utils.translation import gettext as _

from accounts.domain.posting import LARGEST
from accounts.domain.statements import AccountDays, BankDocument, Statement

FIRST_LINE: Final = "1CClientBankExchange"
LAST_LINE: Final = "КонецФайла"
#: In the order they are tried: the word is looked for as each of them would write it.
ENCODINGS: Final = ("utf-8", "cp1251", "cp866")
#: Words that prove an encoding, the first one found first.
WITNESSES: Final = ("Кодировка=", "СекцияДокумент=", "РасчСчет=", LAST_LINE)
MOST_FAULTS: Final = 200
LARGEST_FILE: Final = 500_000_000

ACCOUNT, ACCOUNT_ENDS = "СекцияРасчСчет", ("КонецРасчСчет", "КонецРасчСчета")
DOCUMENT, DOCUMENT_ENDS = "СекцияДокумент", ("КонецДокумента",)
MARKS: Final = frozenset({ACCOUNT, DOCUMENT, LAST_LINE, *ACCOUNT_ENDS, *DOCUMENT_ENDS})
PURPOSE: Final = "НазначениеПлатежа"
#: Keys of a document that are read -> the longest value that makes sense. Others are passed over.
LENGTHS: Final = {
    "Номер": 40,
    "Дата": 10,
    "Сумма": 20,
    "ДатаСписано": 10,
    "ДатаПоступило": 10,
    "ПлательщикСчет": 34,
    "ПлательщикРасчСчет": 34,
    "Плательщик": 400,
    "Плательщик1": 400,
    "ПлательщикИНН": 40,
    "ПолучательСчет": 34,
    "ПолучательРасчСчет": 34,
    **{f"{PURPOSE}{part}": 2_000 for part in ("", *"123456")},
}
KIND_LENGTH: Final = 80
_BOM: Final = b"\xef\xbb\xbf"
_DAY: Final = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and in which line of the file (0: in the file as a whole)."""

    line: int
    message: str

    def __str__(self) -> str:
        if not self.line:
            return self.message
        return _("Line %(line)s: %(message)s") % {"line": self.line, "message": self.message}


class UnreadableStatement(Exception):
    """The file is no statement, is cut short or wrong in places; `faults` says where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults[:3]))
        self.faults = faults


def read_statement(data: bytes) -> Statement:
    """
    Return what the file says.

    Raises UnreadableStatement with up to 200 faults: nothing of a file with a fault is to be used.
    """
    encoding, text = _decoded(data)
    reader = _Reader()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for place, line in enumerate(lines, 1):
        reader.take(place, line.strip())
    return reader.finish(encoding, lines=len(lines))


def _decoded(data: bytes) -> tuple[str, str]:
    if len(data) > LARGEST_FILE:
        raise UnreadableStatement([Fault(0, _("The file is too large."))])
    bare = data.removeprefix(_BOM)
    if not bare.lstrip().startswith(FIRST_LINE.encode()):
        message = _("This is no bank statement: its first line has to be %(line)s.")
        raise UnreadableStatement([Fault(1, message % {"line": FIRST_LINE})])
    encoding = "utf-8" if data.startswith(_BOM) else _encoding_of(bare)
    try:
        text = bare.decode(encoding)
    except UnicodeDecodeError as error:
        line = bare[: error.start].count(b"\n") + 1
        message = _("The text is not %(encoding)s.") % {"encoding": encoding}
        raise UnreadableStatement([Fault(line, message)]) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UnreadableStatement([Fault(line, _("There is a zero byte in the text."))])
    return encoding, text


def _encoding_of(data: bytes) -> str:
    """Return the encoding its own words are written in: what it says of itself is often wrong."""
    head = data[:100_000]
    for word in WITNESSES:
        for encoding in ENCODINGS:
            if b"\n" + word.encode(encoding) in head.replace(b"\r", b"\n"):
                return encoding
    message = _("The file is cut short, or in an encoding that no bank uses.")
    raise UnreadableStatement([Fault(0, message)])


class _Reader:
    """Takes the file line by line; what it has of an open section is in `values`."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.header: dict[str, str] = {}
        self.accounts: dict[str, None] = {}
        self.sections: list[AccountDays] = []
        self.documents: list[BankDocument] = []
        self.section = ""
        self.kind = ""
        self.began = 0
        self.values: dict[str, str] = {}
        self.places: dict[str, int] = {}
        self.last_key = ""
        self.is_over = False

    def take(self, place: int, line: str) -> None:
        """Take one line, without blanks around."""
        key, equals, value = line.partition("=")
        if self.section == DOCUMENT and equals and key in LENGTHS:
            self._keep(place, key, value.strip())
        elif not line:
            self.last_key = ""
        elif self.is_over:
            self._wrong(place, _("There is text after the end of the file."))
        elif key in MARKS:
            self._mark(place, key, value.strip())
        elif equals:
            self._note(place, key, value.strip())
        elif line != FIRST_LINE or self.header:
            self._go_on(place, line)

    def finish(self, encoding: str, *, lines: int) -> Statement:
        """Return the statement, or raise what is wrong with it."""
        if not self.is_over:
            message = _("The file is cut short: it does not end with %(line)s.")
            self.faults.append(Fault(lines, message % {"line": LAST_LINE}))
        first, last = self._header_day("ДатаНачала"), self._header_day("ДатаКонца")
        if not self.accounts and not self.faults:
            message = _("The file names no bank account it is a statement of.")
            self.faults.append(Fault(0, message))
        if self.faults:
            raise UnreadableStatement(self.faults)
        return Statement(
            encoding=encoding,
            sender=self.header.get("Отправитель", "")[:80],
            first=first,
            last=last,
            accounts=tuple(self.accounts),
            sections=tuple(self.sections),
            documents=tuple(self.documents),
        )

    def _keep(self, place: int, key: str, value: str) -> None:
        if len(value) > LENGTHS[key]:
            self._wrong(place, _("%(key)s is too long.") % {"key": key})
        elif self.values.get(key, value) != value:
            self._wrong(place, _("%(key)s is given twice.") % {"key": key})
        else:
            self.values[key] = value
            self.places[key] = place
            self.last_key = key

    def _note(self, place: int, key: str, value: str) -> None:
        """Keep a value of the header or of an account's section; of a document it is not read."""
        self.last_key = ""
        if self.section == ACCOUNT:
            if self.values.setdefault(key, value) != value:
                self._wrong(place, _("%(key)s is given twice.") % {"key": key})
            self.places.setdefault(key, place)
        elif not self.section:
            self.header.setdefault(key, value)
            self.places[key] = place
            if key == "РасчСчет":
                self.accounts.setdefault(value)

    def _go_on(self, place: int, line: str) -> None:
        """Some banks break the purpose over several lines."""
        if self.section == DOCUMENT and self.last_key.startswith(PURPOSE):
            self.values[self.last_key] = f"{self.values[self.last_key]} {line}"[: LENGTHS[PURPOSE]]
        else:
            self._wrong(place, _("This is neither “Key=Value” nor the beginning or end of a part."))

    def _mark(self, place: int, key: str, value: str) -> None:
        if key in {ACCOUNT, DOCUMENT}:
            self._open(place, key, value)
        elif key == LAST_LINE:
            self._end(place)
        else:
            self._close(place, key)

    def _open(self, place: int, key: str, value: str) -> None:
        if self.section:
            self._wrong(place, _("%(key)s inside a part that has no end.") % {"key": key})
        self.section, self.kind, self.began = key, value[:KIND_LENGTH], place
        self.values, self.places, self.last_key = {}, {}, ""

    def _close(self, place: int, key: str) -> None:
        if key not in {ACCOUNT: ACCOUNT_ENDS, DOCUMENT: DOCUMENT_ENDS}.get(self.section, ()):
            self._wrong(place, _("%(key)s without its beginning.") % {"key": key})
        elif self.section == ACCOUNT:
            self._add_section()
        else:
            self._add_document()
        self.section, self.values, self.last_key = "", {}, ""

    def _end(self, place: int) -> None:
        if self.section:
            self._wrong(self.began, _("%(key)s has no end.") % {"key": self.section})
        self.section, self.is_over = "", True

    def _add_section(self) -> None:
        account = self.values.get("РасчСчет", "")
        if not account:
            self._wrong(self.began, _("%(key)s is missing.") % {"key": "РасчСчет"})
            return
        self.accounts.setdefault(account)
        self.sections.append(
            AccountDays(
                line=self.began,
                account=account,
                first=self._day("ДатаНачала"),
                last=self._day("ДатаКонца"),
                opening=self._amount("НачальныйОстаток"),
                received=self._amount("ВсегоПоступило"),
                paid=self._amount("ВсегоСписано"),
                closing=self._amount("КонечныйОстаток"),
            )
        )

    def _add_document(self) -> None:
        payer = self._first("ПлательщикСчет", "ПлательщикРасчСчет")
        payee = self._first("ПолучательСчет", "ПолучательРасчСчет")
        issued, amount = self._day("Дата"), self._amount("Сумма")
        for key, value in (("Дата", issued), ("Сумма", amount), ("ПолучательСчет", payer or payee)):
            if not value and not self._first(key):
                self._wrong(self.began, _("%(key)s is missing.") % {"key": key})
        if amount is not None and not 0 < amount <= LARGEST:
            self._wrong(self.places["Сумма"], _("The amount must be above zero."))
        received, paid = self._day("ДатаПоступило"), self._day("ДатаСписано")
        if issued is None or amount is None:
            return
        self.documents.append(
            BankDocument(
                line=self.began,
                kind=self.kind,
                number=self._first("Номер"),
                issued_on=issued,
                amount=amount,
                payer_account=payer,
                payer_inn=_inn(self._first("ПлательщикИНН")),
                payer_name=self._first("Плательщик1", "Плательщик"),
                payee_account=payee,
                purpose=_purpose(self.values),
                received_on=received,
                paid_on=paid,
            )
        )

    def _first(self, *keys: str) -> str:
        """Return what stands under the first of the keys that says anything."""
        return next((value for key in keys if (value := self.values.get(key))), "")

    def _amount(self, key: str) -> Decimal | None:
        """Return `1234.56` or `1234,56` as it stands; None if it isn't given."""
        text = self.values.get(key, "")
        if not text:
            return None
        whole, mark, part = text.removeprefix("-").replace(",", ".").partition(".")
        is_right = _is_digits(whole) and len(whole) <= 14 and len(part) <= 2
        if not is_right or (mark and not _is_digits(part)):
            message = _("%(key)s “%(text)s” is no amount: write it as 1234.56.")
            self._wrong(self.places[key], message % {"key": key, "text": text})
            return None
        return Decimal(text.replace(",", ".")).quantize(Decimal("0.01"))

    def _day(self, key: str) -> date | None:
        return self._read_day(key, self.values.get(key, ""), self.places.get(key, 0))

    def _header_day(self, key: str) -> date | None:
        return self._read_day(key, self.header.get(key, ""), 0)

    def _read_day(self, key: str, text: str, place: int) -> date | None:
        if not text:
            return None
        found = _day_of(text)
        if found is None:
            message = _("%(key)s “%(text)s” is no day: write it as 31.12.2026.")
            self._wrong(place, message % {"key": key, "text": text})
        return found

    def _wrong(self, place: int, message: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(place, message))


@lru_cache(maxsize=1_000)
def _day_of(text: str) -> date | None:
    """Return the day of `31.12.2026`; a statement has a few of them, a million times."""
    match = _DAY.fullmatch(text)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])) if match else None
    except ValueError:
        return None


def _inn(text: str) -> str:
    """Return an ИНН; «0» and blanks are what banks write of people without one."""
    return text if _is_digits(text) and len(text) in {5, 10, 12} else ""


def _purpose(values: Mapping[str, str]) -> str:
    """Return the purpose; where it is given in parts too, they say the same again."""
    whole = values.get(PURPOSE, "")
    return whole or " ".join(filter(None, (values.get(f"{PURPOSE}{part}") for part in "123456")))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
