"""
The text of a payment's QR code by ГОСТ Р 56042-2014: what bank applications read from a slip.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

#: Service data: the standard, its version, UTF-8; what follows parts the fields.
HEADER: Final = "ST00012"
SEPARATOR: Final = "|"
#: Longest values of the standard.
LENGTHS: Final = {
    "Name": 160,
    "PersonalAcc": 20,
    "BankName": 45,
    "BIC": 9,
    "CorrespAcc": 20,
    "Sum": 18,
    "Purpose": 210,
    "PayeeINN": 12,
    "KPP": 9,
    "PersAcc": 30,
}


class UnableToWriteQr(ValueError):
    """A requisite that no payment can do without is missing or wrong: `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentQr:
    """
    What a QR code says; `amount` None leaves the sum to the payer.

    `personal_account` is the subscriber's account with us, by which the money is found.
    """

    name: str
    bank_account: str
    bank_name: str
    bic: str
    correspondent_account: str
    purpose: str
    inn: str = ""
    kpp: str = ""
    personal_account: str = ""
    amount: Decimal | None = None

    def text(self) -> str:
        """
        Return the text to be coded; required fields first, then what else is known.

        Raises UnableToWriteQr: money would go astray.
        """
        required = {
            "Name": self.name,
            "PersonalAcc": self.bank_account,
            "BankName": self.bank_name,
            "BIC": self.bic,
            # A bank without a correspondent account writes 0.
            "CorrespAcc": self.correspondent_account or "0",
        }
        known = {
            "Sum": "" if self.amount is None else str(kopecks(self.amount)),
            "Purpose": self.purpose,
            "PayeeINN": self.inn,
            "KPP": self.kpp,
            "PersAcc": self.personal_account,
        }
        self._check(required)
        fields = {**required, **{key: value for key, value in known.items() if value}}
        said = [f"{key}={_plain(value, LENGTHS[key])}" for key, value in fields.items()]
        return SEPARATOR.join([HEADER, *said])

    def _check(self, required: dict[str, str]) -> None:
        for field, value in required.items():
            if not value.strip():
                raise UnableToWriteQr(field)
        for field, length in (("PersonalAcc", 20), ("BIC", 9)):
            if not (required[field].isascii() and required[field].isdigit()):
                raise UnableToWriteQr(field)
            if len(required[field]) != length:
                raise UnableToWriteQr(field)


def kopecks(amount: Decimal) -> int:
    """
    Return an amount above zero in kopecks, exactly.

    >>> kopecks(Decimal("1234.5"))
    123450
    """
    found = amount * 100
    if amount <= 0 or found != found.to_integral_value():
        raise UnableToWriteQr("Sum")
    return int(found)


def _plain(value: str, longest: int) -> str:
    """Return a value without what parts the fields, no longer than a bank reads."""
    text = " ".join(value.replace(SEPARATOR, "/").split())
    return text[:longest].rstrip()
