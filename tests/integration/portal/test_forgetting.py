"""Old tries to sign in and codes go; what limits and the audit need stays."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.models import OneTimeCode, SignInAttempt
from portal.operations import forgetting
from portal.operations.forgetting import Forgotten, forget_sign_ins

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def tried(days: int, *, minutes: int = 0) -> SignInAttempt:
    at = NOW - timedelta(days=days, minutes=minutes)
    return SignInAttempt.objects.create(
        door="password", subject=f"{days}-{minutes}", succeeded=False, tried_at=at
    )


def sent(days: int, *, minutes: int = 0) -> OneTimeCode:
    at = NOW - timedelta(days=days, minutes=minutes)
    return OneTimeCode.objects.create(
        customer_id=1, code_hash="x", sent_to="a@b.c", created_at=at, expires_at=at
    )


def test_each_is_kept_its_days_to_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PORTION", 2)
    kept = [tried(0), tried(89), tried(90)]
    gone = [tried(90, minutes=1), *(tried(91, minutes=one) for one in range(4))]
    codes_kept, codes_gone = [sent(0), sent(7)], [sent(7, minutes=1), sent(40)]
    assert forget_sign_ins(now=NOW) == Forgotten(attempts=len(gone), codes=len(codes_gone))
    assert set(SignInAttempt.objects.all()) == set(kept)
    assert set(OneTimeCode.objects.all()) == set(codes_kept)
    assert forget_sign_ins(now=NOW) == Forgotten(attempts=0, codes=0)
