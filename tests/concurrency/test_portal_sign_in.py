"""Simultaneous tries to sign in: a code works once, and no race gets past the limits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from portal.domain import codes
from portal.domain.limits import CODE_LIFE
from portal.models import OneTimeCode, SignInAttempt
from portal.operations import sign_in
from portal.operations.attempts import UnableToTryAgain
from tests.integration.portal import conftest as given

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 8


@pytest.fixture
def account(db: None) -> Account:
    account = given.open_account("Смирнова", "Алиса", email="alice@example.org")
    given.subscriber(account)
    return account


def all_at_once(work: Callable[[], str]) -> list[str]:
    """Run the work in AT_ONCE threads that start together; return what each came to."""
    barrier = Barrier(AT_ONCE)

    def run(_number: int) -> str:
        try:
            barrier.wait(10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


def outcome(**arguments: object) -> str:
    try:
        sign_in_with = arguments.pop("sign_in_with")
        sign_in_with(address="", now=timezone.now(), **arguments)  # type: ignore[operator]
    except sign_in.UnableToSignIn:
        return "wrong"
    except UnableToTryAgain:
        return "too often"
    return "in"


def test_a_code_lets_one_of_many_in(account: Account) -> None:
    now = timezone.now()
    OneTimeCode.objects.create(
        customer_id=account.customer_id,
        code_hash=codes.code_hash(
            "123456", customer_id=account.customer_id, secret=settings.SECRET_KEY
        ),
        sent_to="alice@example.org",
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    outcomes = all_at_once(
        lambda: outcome(sign_in_with=sign_in.sign_in_with_code, text=account.number, code="123456")
    )
    assert outcomes.count("in") == 1


def test_guesses_at_once_are_counted_each(account: Account) -> None:
    outcomes = all_at_once(
        lambda: outcome(
            sign_in_with=sign_in.sign_in_with_password, text=account.number, password="guess-guess"
        )
    )
    assert (outcomes.count("wrong"), outcomes.count("too often")) == (5, AT_ONCE - 5)
    assert SignInAttempt.objects.count() == 5
