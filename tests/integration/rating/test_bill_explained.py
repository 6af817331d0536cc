"""The page of a bill that explains its usage, out of the records of a real night."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.utils import translation

from bench.world import Operator
from invoicing.models import Bill
from invoicing.queries import explained
from rating.queries.usage import explain_usage
from tests.integration.rating.night import Night, call, calls

ABROAD = {"dst": "81012125550101"}
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def explain(
    operator: Operator, *, place: int = 0, language: str = "en", start: date = NOVEMBER
) -> dict[str, Any] | None:
    account = operator.accounts[place]
    bill = Bill(account_id=account.pk, period_start=start, period_end=DECEMBER, currency="RUB")
    with translation.override(language):
        return explained.explain_bill(bill, language=language)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_what_cost_most_comes_first_with_its_steps(night: Night, operator: Operator) -> None:
    night.load(
        call(**ABROAD, id="short", seconds="60"),
        call(**ABROAD, id="long", at="2026-11-20 19:59:30", seconds="90"),
    )
    page = explain(operator)
    assert page is not None
    assert [record["amount"] for record in page["records"]] == ["₽26.49", "₽21.49"]
    assert page["records"][0]["when"] == "20 November 2026, 19:59"
    told = plain(" ".join(page["records"][0]["steps"]))
    assert "Connection: ₽1.50." in told
    assert "1 min" in told
    assert "30 s" in told


def test_what_was_included_is_listed_as_free_and_taken(night: Night, operator: Operator) -> None:
    night.load(*calls(3, seconds="60"))
    page = explain(operator)
    assert page is not None
    assert page["records"] == []
    [free] = page["free"]
    assert (free["count"], plain(free["quantity"])) == (3, "3 min")
    taken = [plain(volume["taken"]) for volume in page["volumes"]]
    assert any(words.startswith("3 min taken of ") for words in taken)


def test_only_the_bills_own_account_and_days(night: Night, operator: Operator) -> None:
    night.load(call(**ABROAD))
    assert explain(operator, place=1) is None
    assert explain(operator, start=date(2026, 11, 21)) is None


def test_the_dearest_only(night: Night, operator: Operator) -> None:
    night.load(*(call(**ABROAD, id=f"c{number}") for number in range(explained.DEAREST + 3)))
    page = explain(operator, language="ru")
    assert page is not None
    assert len(page["records"]) == explained.DEAREST
    assert page["words"]["records"] == "Самое дорогое"


def test_a_price_that_no_longer_explains_itself_says_so(
    night: Night, operator: Operator, monkeypatch: Any
) -> None:
    night.load(call(**ABROAD))
    monkeypatch.setattr(explained.rating_queries, "explain_usage", _disagreeing)
    page = explain(operator)
    assert page is not None
    assert page["records"][0]["steps"] == ["Priced by the terms that were in force then."]


def _disagreeing(rows: list[Any]) -> list[Any]:
    return [replace(told, agrees=False) for told in explain_usage(rows)]
