"""
What a person types to say who they are: an account number or a phone.
"""

from dataclasses import dataclass

ACCOUNT_DIGITS = 9
PHONE_DIGITS = 10
COUNTRY = "7"


@dataclass(frozen=True, slots=True)
class Subject:
    """`number` is what was meant: an account number or E.164 digits; `key` is for rate limits."""

    kind: str
    number: str

    @property
    def key(self) -> str:
        """One word for one person, however it was typed."""
        return f"{self.kind}:{self.number}"


def read_subject(text: str) -> Subject:
    """
    Read an account number (nine digits) or a phone; anything else is a subject nobody has.

    >>> read_subject("100 000 008")
    Subject(kind='account', number='100000008')
    >>> read_subject("8 (921) 555-01-01") == read_subject("+7 921 555 01 01")
    True
    >>> read_subject("921 555-01-01").number
    '79215550101'
    >>> read_subject("абв")
    Subject(kind='unknown', number='абв')
    """
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    if len(digits) == ACCOUNT_DIGITS and not text.strip().startswith("+"):
        return Subject("account", digits)
    if len(digits) == PHONE_DIGITS:
        return Subject("phone", COUNTRY + digits)
    if len(digits) == PHONE_DIGITS + 1 and digits[0] in {"7", "8"}:
        return Subject("phone", COUNTRY + digits[1:])
    return Subject("unknown", text.strip().lower()[:60])


def masked(email: str) -> str:
    """
    Return an address that its owner recognises and nobody else learns.

    >>> masked("maria@example.org")
    'm…@example.org'
    """
    name, _, host = email.partition("@")
    return f"{name[:1]}…@{host}"
