"""
One-time codes: six digits, hashed with the installation's secret.

Six digits can be guessed from a bare hash in a moment, so the hash is keyed: whoever has only the
table has nothing.
"""

import hashlib
import hmac
import secrets

DIGITS = 6


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def code_hash(code: str, *, customer_id: int, secret: str) -> str:
    """
    Return the keyed hash of a customer's code.

    >>> code_hash("000000", customer_id=1, secret="a") == code_hash("000000", customer_id=2, secret="a")
    False
    """
    message = f"portal-code:{customer_id}:{code}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def is_code(code: str, *, stored: str, customer_id: int, secret: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(code_hash(code, customer_id=customer_id, secret=secret), stored)
