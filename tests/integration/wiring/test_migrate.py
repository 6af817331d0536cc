"""`manage.py migrate` steps back from a lock and tries again; everything else is told at once."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connection

pytestmark = pytest.mark.django_db


class Held(Exception):
    """What the driver raises, with its SQLSTATE."""

    def __init__(self, pgcode: str) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQLSTATEs of the coming tries; "" succeeds."""
    coming: list[str] = []

    def handle(*_args: object, **_options: object) -> None:
        assert setting() == "10ms"
        code = coming.pop(0)
        if code:
            raise OperationalError(code) from Held(code)

    monkeypatch.setattr(Migrate, "handle", handle)
    return coming


def migrate(**options: int) -> str:
    told = StringIO()
    call_command("migrate", lock_timeout=0.01, stderr=told, **options)
    return told.getvalue()


def test_tries_until_it_has_its_locks(tries: list[str]) -> None:
    before = setting()
    tries += ["55P03", "40P01", ""]
    told = migrate(tries=5)
    assert (tries, told.count("trying again")) == ([], 2)
    assert setting() == before


def test_gives_up_in_the_end(tries: list[str]) -> None:
    tries += ["55P03"] * 3
    with pytest.raises(OperationalError, match="55P03"):
        migrate(tries=2)
    assert tries == ["55P03"]


def test_another_fault_is_told_at_once(tries: list[str]) -> None:
    tries += ["57P01", ""]
    with pytest.raises(OperationalError, match="57P01"):
        migrate(tries=5)
    assert tries == [""]
