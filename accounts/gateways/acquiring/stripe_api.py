"""
Stripe through its own client library: a page of Checkout for payers, a payment intent for autopay.

Events are signed; the library checks signatures against the process's clock, so their time is
compared here with the moment given.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import orjson
import stripe

from accounts.domain.acquiring import (
    TOLERANCE,
    Access,
    Asked,
    CardToken,
    Declined,
    ForgedNotice,
    NoAnswer,
    Notice,
    Outcome,
    Refused,
    Seen,
    SeenDispute,
    SeenRefund,
    Subject,
    from_minor,
    to_minor,
)
from accounts.gateways.acquiring import TIMEOUTS
from billing_project.kernel.money import MINOR_DIGITS

_EXPAND: Final = {"expand": ["payment_intent.payment_method"]}
_REFUNDS: Final = {
    "succeeded": Outcome.SUCCEEDED,
    "failed": Outcome.FAILED,
    "canceled": Outcome.FAILED,
}
_DISPUTES: Final = {
    "won": Outcome.SUCCEEDED,
    "warning_closed": Outcome.SUCCEEDED,
    "prevented": Outcome.SUCCEEDED,
    "lost": Outcome.FAILED,
}
_SUBJECTS: Final = {
    "checkout.session": Subject.PAYMENT,
    "payment_intent": Subject.PAYMENT,
    "refund": Subject.REFUND,
    "dispute": Subject.DISPUTE,
}
#: Answers that are a no; everything else leaves it open (409: the same key is being worked on).
_NO: Final = (stripe.InvalidRequestError, stripe.AuthenticationError, stripe.PermissionError)


class Stripe:
    """One account at Stripe."""

    def __init__(self, access: Access) -> None:
        """Make the client; nothing is asked yet."""
        self._hook_secret = access.hook_secret
        self._api = stripe.StripeClient(
            access.secret,
            base_addresses={"api": access.base_url.rstrip("/")} if access.base_url else None,
            http_client=stripe.RequestsClient(timeout=TIMEOUTS),
            # Asking again is our own work, with the same key and a longer breath.
            max_network_retries=0,
        ).v1

    def ask(self, asked: Asked) -> Seen:
        """Ask for a payment."""
        options: Any = {"idempotency_key": asked.key}
        with _answers():
            if asked.card is not None:
                wish: Any = _charge_of(asked)
                return _seen_intent(self._api.payment_intents.create(wish, options))
            page: Any = _page_of(asked)
            return _seen_session(self._api.checkout.sessions.create(page, options))

    def look(self, external_id: str) -> Seen:
        """Return a payment as it is now."""
        expand: Any = _EXPAND
        with _answers():
            if external_id.startswith("cs_"):
                return _seen_session(self._api.checkout.sessions.retrieve(external_id, expand))
            method: Any = {"expand": ["payment_method"]}
            return _seen_intent(self._api.payment_intents.retrieve(external_id, method))

    def refund(self, *, charge: str, amount: Decimal, currency: str, key: str) -> SeenRefund:
        """Give back."""
        wish: Any = {
            "payment_intent": charge,
            "amount": to_minor(amount, digits=MINOR_DIGITS[currency]),
            "metadata": {"refund": key},
        }
        with _answers():
            return _seen_refund(self._api.refunds.create(wish, {"idempotency_key": key}))

    def look_at_refund(self, external_id: str) -> SeenRefund:
        """Return a refund as it is now."""
        with _answers():
            return _seen_refund(self._api.refunds.retrieve(external_id))

    def find_refund(self, *, charge: str, key: str) -> SeenRefund | None:
        """Find a refund by our key."""
        with _answers():
            found = self._api.refunds.list({"payment_intent": charge, "limit": 100}).data
            mine = [one for one in found if getattr(one.metadata, "refund", "") == key]
            return _seen_refund(mine[0]) if mine else None

    def look_at_dispute(self, external_id: str) -> SeenDispute:
        """Return a dispute as it is now."""
        with _answers():
            told = self._api.disputes.retrieve(external_id)
            return SeenDispute(
                external_id=told.id,
                outcome=_DISPUTES.get(told.status, Outcome.PENDING),
                amount=_amount(told.amount, told.currency),
                charge=_id_of(told.payment_intent),
                reason=told.reason or "",
            )

    def read_notice(
        self, body: bytes, *, headers: Mapping[str, str], source: str, now: datetime
    ) -> Notice:
        """Return what a signed event is about; its time must be within the tolerance of now."""
        signature = headers.get("Stripe-Signature", "")
        try:
            stripe.WebhookSignature.verify_header(body, signature, self._hook_secret)
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError) as fault:
            raise ForgedNotice("the signature is wrong") from fault
        if abs(now - _signed_at(signature)) > TOLERANCE:
            raise ForgedNotice("the signature is old")
        try:
            told = orjson.loads(body)
            about = told["data"]["object"]
            metadata = about.get("metadata") or {}
            key = str(metadata.get("card_payment") or metadata.get("refund") or "")
            subject = _SUBJECTS.get(about.get("object"), Subject.OTHER)
            return Notice(
                str(told["id"]), str(told["type"])[:60], subject, str(about["id"]), key[:40]
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ForgedNotice("not an event") from None


@contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except stripe.CardError as fault:
        made = getattr(fault.error, "payment_intent", None) if fault.error else None
        raise Declined(_code(fault), _id_of(made)) from fault
    except _NO as fault:
        raise Refused(_code(fault)) from fault
    except stripe.StripeError as fault:
        raise NoAnswer(type(fault).__name__) from fault
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise NoAnswer("not readable") from fault


def _code(fault: stripe.StripeError) -> str:
    told = fault.error
    decline = getattr(told, "decline_code", None) if told else None
    return str(decline or fault.code or type(fault).__name__)


def _page_of(asked: Asked) -> dict[str, Any]:
    price = {
        "currency": asked.currency.lower(),
        "unit_amount": to_minor(asked.amount, digits=MINOR_DIGITS[asked.currency]),
        "product_data": {"name": asked.description[:250]},
    }
    intent: dict[str, Any] = {
        "metadata": _marks(asked),
        "description": asked.description[:250],
    }
    page: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": asked.return_url,
        "cancel_url": asked.return_url,
        "client_reference_id": asked.key,
        "metadata": _marks(asked),
        "payment_intent_data": intent,
    }
    if asked.email:
        page["customer_email"] = asked.email
        intent["receipt_email"] = asked.email
    if asked.saves_card:
        page["customer_creation"] = "always"
        intent["setup_future_usage"] = "off_session"
    return page | _EXPAND


def _charge_of(asked: Asked) -> dict[str, Any]:
    card = asked.card
    if card is None:
        raise TypeError
    return {
        "amount": to_minor(asked.amount, digits=MINOR_DIGITS[asked.currency]),
        "currency": asked.currency.lower(),
        "customer": card.payer,
        "payment_method": card.token,
        "off_session": True,
        "confirm": True,
        "description": asked.description[:250],
        "metadata": _marks(asked),
        "expand": ["payment_method"],
    }


def _marks(asked: Asked) -> dict[str, str]:
    return {"card_payment": asked.key, "account": asked.account_number}


def _seen_session(told: Any) -> Seen:
    intent = told.payment_intent if not isinstance(told.payment_intent, str) else None
    state = getattr(intent, "status", "")
    is_over = told.status == "expired" or state == "canceled"
    if told.payment_status == "paid":
        outcome = Outcome.SUCCEEDED
    elif is_over or (told.status == "complete" and state == "requires_payment_method"):
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.PENDING
    seen_by_intent = _seen_intent(intent) if intent is not None else None
    return Seen(
        external_id=told.id,
        outcome=outcome,
        amount=_amount(told.amount_total, told.currency),
        currency=told.currency.upper(),
        charge=_id_of(told.payment_intent),
        page_url=told.url or "",
        reason=told.status if outcome is Outcome.FAILED else "",
        card=seen_by_intent.card if seen_by_intent else None,
    )


def _seen_intent(told: Any) -> Seen:
    outcome = Outcome.PENDING
    if told.status == "succeeded":
        outcome = Outcome.SUCCEEDED
    elif told.status in {"canceled", "requires_payment_method"}:
        outcome = Outcome.FAILED
    is_taken = outcome is Outcome.SUCCEEDED
    why = told.last_payment_error
    return Seen(
        external_id=told.id,
        outcome=outcome,
        amount=_amount(told.amount_received if is_taken else told.amount, told.currency),
        currency=told.currency.upper(),
        charge=told.id,
        reason=str(getattr(why, "code", "") or told.status) if not is_taken else "",
        card=_card(told),
    )


def _card(intent: Any) -> CardToken | None:
    method, payer = intent.payment_method, _id_of(intent.customer)
    if method is None or isinstance(method, str) or not payer:
        return None
    if not intent.setup_future_usage:
        return None
    card = getattr(method, "card", None)
    return CardToken(
        token=method.id,
        payer=payer,
        title=str(getattr(card, "brand", None) or method.type).title(),
        last4=str(getattr(card, "last4", "") or ""),
        expires=f"{card.exp_month:02d}/{card.exp_year}" if card else "",
    )


def _seen_refund(told: Any) -> SeenRefund:
    return SeenRefund(
        external_id=told.id,
        outcome=_REFUNDS.get(told.status or "", Outcome.PENDING),
        amount=_amount(told.amount, told.currency),
        charge=_id_of(told.payment_intent),
        reason=getattr(told, "failure_reason", None) or "",
    )


def _amount(units: int, currency: str) -> Decimal:
    return from_minor(units, digits=MINOR_DIGITS[currency.upper()])


def _id_of(told: Any) -> str:
    if told is None or isinstance(told, str):
        return told or ""
    return str(getattr(told, "id", "") or "")


def _signed_at(signature: str) -> datetime:
    parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    return datetime.fromtimestamp(int(parts["t"]), UTC)


def open_gateway(access: Access) -> Stripe:
    """Return the adapter."""
    return Stripe(access)
