"""Fiscal receipts as values: VAT codes, pauses, what answers of a register mean."""

from datetime import datetime
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.fiscal import (
    LONGEST_PAUSE,
    Document,
    Outcome,
    Receipt,
    pause_after,
    receipt_qr,
    vat_code,
)
from accounts.gateways import atol

TERMS = {
    "inn": "7830002293",
    "email": "kassa@example.org",
    "tax_system": "osn",
    "place": "https://lk.example.org",
    "method": "advance",
    "item_name": "Услуги связи",
}


@pytest.mark.parametrize(
    ("percent", "is_calculated", "code"),
    [
        ("22", False, 11),
        ("22.00", True, 12),
        ("20", False, 4),
        ("20", True, 6),
        ("10", False, 3),
        ("10", True, 5),
        ("0", True, 2),
        ("21", False, None),
        (None, False, 1),
    ],
)
def test_codes_of_vat(percent: str | None, is_calculated: bool, code: int | None) -> None:
    rate = None if percent is None else Decimal(percent)
    assert vat_code(rate, is_calculated=is_calculated) == code


def test_every_code_has_its_word_at_the_register() -> None:
    codes = {vat_code(Decimal(p), is_calculated=c) for p in (0, 10, 20, 22) for c in (True, False)}
    assert codes | {1} == set(atol.VAT_TYPES)


@given(st.integers(1, 1_000_000), st.integers(0, 999))
def test_pauses_grow_to_a_quarter_of_an_hour(attempts: int, jitter: int) -> None:
    pause = pause_after(attempts, jitter=jitter)
    assert pause_after(1, jitter=0) <= pause <= LONGEST_PAUSE
    assert pause_after(attempts + 1, jitter=jitter) >= pause


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (200, {"uuid": "u", "status": "wait"}, Outcome.ACCEPTED),
        (200, {"uuid": "u", "status": "done"}, Outcome.ACCEPTED),
        (400, {"uuid": "u", "status": "fail", "error": {"code": 33}}, Outcome.ACCEPTED),
        (400, {"status": "fail", "error": {"code": 33}}, Outcome.REFUSED),
        (400, {"status": "fail", "error": {"code": 31, "text": "x"}}, Outcome.REFUSED),
        (200, {"status": "fail", "error": {"code": 8}}, Outcome.REFUSED),
        (200, {"uuid": "", "status": "wait"}, Outcome.UNKNOWN),
        (200, {}, Outcome.UNKNOWN),
        (302, {}, Outcome.UNKNOWN),
        (500, {}, Outcome.UNKNOWN),
        (502, {"status": "fail"}, Outcome.UNKNOWN),
        (401, {"error": {"code": 11}}, Outcome.LATER),
        (403, {}, Outcome.LATER),
        (429, {}, Outcome.LATER),
    ],
)
def test_what_an_answer_to_a_receipt_means(status: int, said: dict, outcome: Outcome) -> None:
    assert atol.read_sent(status, said).outcome is outcome


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (200, {"uuid": "u", "status": "done", "payload": {}}, Outcome.DONE),
        (200, {"uuid": "u", "status": "wait"}, Outcome.ACCEPTED),
        (200, {"uuid": "u", "status": "fail", "error": {"code": -1}}, Outcome.REFUSED),
        (200, {"status": "fail", "error": {"code": 34}}, Outcome.ABSENT),
        (404, {}, Outcome.ABSENT),
        (400, {}, Outcome.ABSENT),
        (200, {}, Outcome.LATER),
        (500, {}, Outcome.LATER),
        (401, {}, Outcome.LATER),
    ],
)
def test_what_an_answer_to_a_question_means(status: int, said: dict, outcome: Outcome) -> None:
    assert atol.read_report(status, said).outcome is outcome


@given(
    st.integers(0, 599),
    st.dictionaries(
        st.sampled_from(["uuid", "status", "error"]),
        st.none() | st.text() | st.integers() | st.lists(st.integers()),
    ),
)
def test_no_answer_is_too_strange(status: int, said: dict) -> None:
    """Whatever comes, it is an outcome; only a clear word registers or refuses."""
    assert atol.read_sent(status, said).outcome is not Outcome.DONE
    report = atol.read_report(status, said)
    assert report.outcome is not Outcome.DONE or said["status"] == "done"


@given(st.decimals("0.01", "999999999.99", places=2))
def test_sums_reach_the_register_to_the_kopeck(amount: Decimal) -> None:
    receipt = Receipt(
        external_id="retel-1-1",
        kind="sell",
        amount=amount,
        vat_code=12,
        is_cash=True,
        email="",
        phone="79215550101",
        at=datetime(2026, 11, 2, 12),
        terms=TERMS,
    )
    written = atol.build_body(receipt).decode()
    assert f'"total":{amount:.2f}' in written
    assert orjson.loads(written)["receipt"]["client"] == {"phone": "+79215550101"}


@pytest.mark.parametrize(
    ("kind", "day", "qr"),
    [
        ("sell", "02.11.2026 09:05:07", "t=20261102T0905&s=10.00&fn=f&i=1&fp=2&n=1"),
        ("sell_refund", "31.12.2026 23:59:00", "t=20261231T2359&s=10.00&fn=f&i=1&fp=2&n=2"),
    ],
)
def test_the_qr_code_says_what_the_paper_says(kind: str, day: str, qr: str) -> None:
    document = Document("f", "1", "2", "7", "8", day)
    assert receipt_qr(kind, Decimal("10.00"), document) == qr
    assert receipt_qr(kind, Decimal("10.00"), Document()) == ""
