"""
The webhook gateway: an order as signed JSON over HTTP.

    POST <url>
    Idempotency-Key: order-123        the same order again has the same key
    X-Retel-Timestamp: 1798000000     Unix seconds
    X-Retel-Signature: sha256=…       HMAC-SHA256 of "<timestamp>.<body>" by the shared secret

    {"order": 123, "account": 5, "service": 7, "action": "set_access", "desired": {…}}

`desired` is the whole state wished, so a repeat does no harm; of two orders for one service the
one with the higher number is the newer. The answer that confirms is 2xx with
{"status": "confirmed"}; see `provisioning.domain.answers.read_answer` for the others.
"""

from typing import Any, Final

import httpx
import orjson

from provisioning.domain.answers import Answer, Order, Outcome, read_answer
from provisioning.domain.signing import sign

CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0


class WebhookTransport:
    """Posts orders to one address; connections are kept between orders."""

    def __init__(self, *, url: str, secret: str) -> None:
        """Without a secret the orders go unsigned."""
        self._url = url
        self._secret = secret
        # The network is the operator's own: no proxy of the environment, no redirects.
        self._client = httpx.Client(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS), trust_env=False
        )

    def send(self, order: Order, *, timestamp: int) -> Answer:
        """Post one order; whatever happens to the connection is an Answer."""
        body = build_body(order)
        try:
            response = self._client.post(
                self._url, content=body, headers=self._headers(order, body, timestamp)
            )
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            return Answer(Outcome.UNREACHABLE, f"{type(fault).__name__}: {fault}"[:200])
        return read_answer(response.status_code, body=_read_json(response.content))

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def _headers(self, order: Order, body: bytes, timestamp: int) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f"order-{order.id}",
            "X-Retel-Timestamp": str(timestamp),
        }
        if self._secret:
            signature = sign(body, secret=self._secret, timestamp=timestamp)
            headers["X-Retel-Signature"] = signature
        return headers


def build_body(order: Order) -> bytes:
    """Return the order as JSON with sorted keys."""
    values = {
        "order": order.id,
        "account": order.account_id,
        "service": order.subscription_id,
        "action": order.action,
        "desired": dict(order.desired),
    }
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def _read_json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
