"""Which channels a message takes, and how its tries are judged."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.domain.delivery import MAX_ATTEMPTS, Fault, judge_reply, next_try
from notifications.domain.policy import Address, choose_addresses

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOTH = ("email", "inbox")
INBOX = Address("inbox", "customer:31")
EMAIL = Address("email", "maria@example.org")


def _choose(category: str = "money", **changes: object) -> list[Address]:
    values: dict = {
        "customer_id": 31,
        "email": "maria@example.org",
        "wanted": {},
        "channels": BOTH,
    } | changes
    return choose_addresses(category, **values)


def test_what_was_never_chosen_is_wanted_everywhere() -> None:
    assert _choose() == [INBOX, EMAIL]


def test_without_an_address_there_is_no_mail() -> None:
    assert _choose(email="") == [INBOX]


def test_an_installation_without_a_mail_server_sends_none() -> None:
    assert _choose(channels=("inbox",)) == [INBOX]


def test_a_category_is_turned_off_on_one_channel_only() -> None:
    wanted = {("money", "email"): False}
    assert _choose(wanted=wanted) == [INBOX]
    assert _choose("service", wanted=wanted) == [INBOX, EMAIL]


def test_security_cannot_be_turned_off() -> None:
    wanted = {("security", "email"): False, ("security", "inbox"): False}
    assert _choose("security", wanted=wanted) == [INBOX, EMAIL]


@pytest.mark.parametrize(
    ("code", "fault"),
    [(421, Fault.PASSING), (451, Fault.PASSING), (550, Fault.PERMANENT), (552, Fault.PERMANENT)],
)
def test_a_reply_is_judged(code: int, fault: Fault) -> None:
    assert judge_reply(code) is fault


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (7, 1800), (20, 1800)])
def test_pauses_double_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert next_try(attempts=attempts, now=NOW, jitter=0) == NOW + timedelta(seconds=seconds)


def test_tries_end() -> None:
    assert next_try(attempts=MAX_ATTEMPTS, now=NOW, jitter=0) is None
