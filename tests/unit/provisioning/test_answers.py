"""What a webhook's answer means, when a try is repeated, how an order is signed."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioning.domain.answers import Outcome, read_answer
from provisioning.domain.retries import MAX_ATTEMPTS, next_try
from provisioning.domain.signing import is_signed, sign

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        pytest.param(200, {"status": "confirmed"}, Outcome.CONFIRMED, id="said so"),
        pytest.param(202, {"status": "confirmed"}, Outcome.CONFIRMED, id="any 2xx"),
        pytest.param(200, {"status": "rejected"}, Outcome.REFUSED, id="rejected in words"),
        pytest.param(200, {"status": "queued"}, Outcome.LATER, id="2xx alone does not confirm"),
        pytest.param(200, None, Outcome.LATER, id="no JSON"),
        pytest.param(200, ["confirmed"], Outcome.LATER, id="JSON of another shape"),
        pytest.param(302, None, Outcome.LATER, id="moved"),
        pytest.param(400, None, Outcome.REFUSED, id="bad request"),
        pytest.param(404, None, Outcome.REFUSED, id="not there"),
        pytest.param(408, None, Outcome.LATER, id="their timeout"),
        pytest.param(429, None, Outcome.LATER, id="too many"),
        pytest.param(500, {"status": "confirmed"}, Outcome.LATER, id="a 500 confirms nothing"),
        pytest.param(503, None, Outcome.LATER, id="down"),
    ],
)
def test_an_answer_is_read(status: int, body: object, outcome: Outcome) -> None:
    assert read_answer(status, body=body).outcome is outcome


def test_the_reason_of_a_refusal_is_kept() -> None:
    answer = read_answer(422, body={"reason": "no such port"})
    assert answer.error == "HTTP 422 no such port"


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(1, 0, 2.5), (1, 999, 4.9975), (2, 0, 5), (3, 500, 15), (9, 0, 450), (19, 0, 450)],
)
def test_pauses_double_up_to_a_quarter_of_an_hour(
    attempts: int, jitter: int, seconds: float
) -> None:
    assert next_try(attempts=attempts, now=NOW, jitter=jitter) == NOW + timedelta(seconds=seconds)


def test_tries_end() -> None:
    assert next_try(attempts=MAX_ATTEMPTS - 1, now=NOW, jitter=0) is not None
    assert next_try(attempts=MAX_ATTEMPTS, now=NOW, jitter=0) is None


def test_a_signature_holds_for_that_body_moment_and_secret_only() -> None:
    signature = sign(b'{"order":1}', secret="network", timestamp=100)
    assert is_signed(b'{"order":1}', secret="network", timestamp=100, signature=signature)
    assert not is_signed(b'{"order":2}', secret="network", timestamp=100, signature=signature)
    assert not is_signed(b'{"order":1}', secret="network", timestamp=101, signature=signature)
    assert not is_signed(b'{"order":1}', secret="other", timestamp=100, signature=signature)
