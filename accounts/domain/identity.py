"""
Identity documents: what each kind consists of, what can't be right, how it is sealed.

Numbers are kept without spaces, letters in upper case.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

SHORTEST_KEY: Final = 32
#: Digits of a number that may be shown without unsealing it.
TAIL: Final = 3
#: At what age a passport may be issued, years.
PASSPORT_AGE: Final = 14


class DocumentKind(StrEnum):
    """Kinds of identity documents."""

    PASSPORT = "passport"
    TRAVEL_PASSPORT = "travel"
    BIRTH_CERTIFICATE = "birth"
    RESIDENCE_PERMIT = "residence"
    FOREIGN = "foreign"
    OTHER = "other"


#: What series and number look like together, without spaces; kinds not named here are free.
PATTERNS: Final = {
    DocumentKind.PASSPORT: r"\d{10}",
    DocumentKind.TRAVEL_PASSPORT: r"\d{9}",
    DocumentKind.BIRTH_CERTIFICATE: r"[IVXLC]{1,6}-?[А-Я]{2}\d{6}",
    DocumentKind.RESIDENCE_PERMIT: r"\d{9}",
}
FREE: Final = r"[0-9A-ZА-Я-]{3,20}"
DEPARTMENT: Final = r"\d{3}-\d{3}"


class Fault(StrEnum):
    """What can't be right about a document."""

    NUMBER = "number"
    ISSUED_LATER = "issued_later"
    ISSUED_EARLY = "issued_early"
    DEPARTMENT = "department"


class UnableToUnseal(Exception):
    """None of the keys opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What stands in a document. `number` is series and number together."""

    number: str
    issued_on: date | None = None
    issued_by: str = ""
    department: str = ""
    address: str = ""

    @property
    def tail(self) -> str:
        """The last digits, by which a person recognises the document."""
        return self.number[-TAIL:]


def read_number(text: str) -> str:
    """Return series and number without spaces, signs and «№», letters in upper case."""
    return re.sub(r"[\s№.,/]", "", text).upper()


def find_fault(
    kind: DocumentKind, identity: Identity, *, on: date, born_on: date | None
) -> Fault | None:
    """Return the first thing that can't be right, or None."""
    if not re.fullmatch(PATTERNS.get(kind, FREE), identity.number):
        return Fault.NUMBER
    if identity.issued_on is not None:
        if identity.issued_on > on:
            return Fault.ISSUED_LATER
        earliest = _earliest_issue(kind, born_on)
        if earliest is not None and identity.issued_on < earliest:
            return Fault.ISSUED_EARLY
    if identity.department and not re.fullmatch(DEPARTMENT, identity.department):
        return Fault.DEPARTMENT
    return None


def _earliest_issue(kind: DocumentKind, born_on: date | None) -> date | None:
    if born_on is None:
        return None
    years = PASSPORT_AGE if kind == DocumentKind.PASSPORT else 0
    # Born on 29 February: of age on 1 March.
    day = born_on.replace(day=28) if (born_on.month, born_on.day) == (2, 29) else born_on
    return day.replace(year=day.year + years)


def seal(identity: Identity, *, keys: Sequence[str]) -> bytes:
    """Encrypt with the first key."""
    told = {name: str(value) for name, value in asdict(identity).items() if value}
    return _fernet(keys).encrypt(json.dumps(told, ensure_ascii=False).encode())


def unseal(sealed: bytes, *, keys: Sequence[str]) -> Identity:
    """Decrypt with whichever key fits. Raises UnableToUnseal."""
    try:
        told = json.loads(_fernet(keys).decrypt(sealed))
    except InvalidToken as refusal:
        raise UnableToUnseal from refusal
    issued_on = told.pop("issued_on", None)
    return Identity(**told, issued_on=date.fromisoformat(issued_on) if issued_on else None)


def fingerprint(kind: DocumentKind, number: str, *, key: str) -> str:
    """Return by what the same document is found again; says nothing without the key."""
    words = f"{kind}:{number}".encode()
    return hmac.new(_derived(key, "find"), words, hashlib.sha256).hexdigest()


def _fernet(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, "seal"))) for key in keys])


def _derived(key: str, purpose: str) -> bytes:
    return hmac.new(key.encode(), f"retel documents: {purpose}".encode(), hashlib.sha256).digest()
