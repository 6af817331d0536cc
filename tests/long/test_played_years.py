"""
The years of the household and of the company with every night and every step of it, each committed:
after each night all balances, bills, their lines and papers are what the plain books say.
"""

from pathlib import Path

import pytest

from tests.scenarios import test_company_books, test_household_books
from tests.scenarios.conftest import berlin  # noqa: F401 - a fixture
from tests.scenarios.plain_fees import DAY
from tests.scenarios.test_household_books import BEGIN, END

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "year", [test_household_books, test_company_books], ids=["household", "company"]
)
def test_every_night_of_a_year_is_what_the_plain_books_say(year, berlin: Path) -> None:  # noqa: F811
    life = year.live(berlin, whole=True)
    assert life.nights == (END - BEGIN) // DAY
