"""
A company's year, day by day: its own lines and three departments, one of which is billed apart.

From July 2025 to June 2026. Prices of the office plans don't include tax, and one is the company's own.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

from accounts import operations as accounts
from accounts.operations import companies
from tariffs.models import PauseRule
from tests.integration.invoicing.household import ACTOR
from tests.scenarios.catalogue import stock
from tests.scenarios.lived import Life
from tests.scenarios.played import play
from tests.scenarios.test_household_books import ABROAD, BEGIN, END, call

D = Decimal
#: key -> (cost centre, billed apart, day on which its cycles begin)
DEPARTMENTS = {
    "sales": ("ЦЗ-10", False, 1),
    "works": ("ЦЗ-20", False, 15),
    "shop": ("ЦЗ-30", True, 1),
}


def found(life: Life) -> None:
    """ООО «Берег»: one contract, an account for itself and for each department."""
    stock(life, "office", "trunk", "thirty", "after", "plain", "roam", "late", "gift", "net")
    PauseRule.objects.create(
        ahead_days=90, fee=D("100.00"), fee_period="month", keeps_packages=True
    )
    root = accounts.create_company(name="ООО «Берег»", inn="7801234564", now=life.now, actor=ACTOR)
    contract = life.sign(root)
    life.open("head", root, contract=contract, payer="head", limit=D("5000.00"))
    for key, (centre, is_apart, cycle_day) in DEPARTMENTS.items():
        unit = companies.add_unit(
            parent_id=root.pk,
            name=key,
            kind="department",
            cost_centre=centre,
            is_billed_apart=is_apart,
            now=life.now,
            actor=ACTOR,
        )
        life.open(
            key,
            unit,
            contract=contract,
            cycle_day=cycle_day,
            payer="" if is_apart else "head",
            cost_centre=centre,
        )
    for number, key in enumerate(life.rows):
        life.connect(f"{key} line", key, "office", number=f"7921000010{number}")
    life.connect("trunk", "head", "trunk")
    life.connect("sales second", "sales", "plain", number="79210000109")


def own_fee(life: Life, key: str, code: str, fee: str) -> None:
    """From today on the unit has a fee of its own; what is billed already stays."""
    accounts.set_company_fee(
        customer_id=life.rows[key].customer_id,
        plan_version_id=life.versions[code].pk,
        fee=D(fee),
        active_from=life.today,
        reason="тендер",
        now=life.now,
        actor=ACTOR,
    )
    life.books.accounts[key].own_fees[code] = (D(fee), life.today)


def change_unit(life: Life, key: str, *, cost_centre: str, is_apart: bool) -> None:
    """Papers to come name the new cost centre; those who aren't billed apart any more are on them."""
    companies.change_unit(
        customer_id=life.rows[key].customer_id,
        parent_id=life.rows["head"].customer_id,
        kind="department",
        cost_centre=cost_centre,
        is_billed_apart=is_apart,
        now=life.now,
        actor=ACTOR,
    )
    plain = life.books.accounts[key]
    plain.cost_centre, plain.payer = cost_centre, "" if is_apart else "head"


def clocks(life: Life) -> None:
    """A call through the whole night on which clocks change, and one around three o'clock."""
    life.use("sales line", call(life.today, "00:30:00", 20_000))
    life.use(
        "shop line", call(life.today, "03:00:00", 59), call(life.today, "01:59:59", 61, ABROAD)
    )


def every_day(life: Life, *, uses: bool) -> None:
    day = life.today
    if day.day % 4 == 0 and uses:
        for place, key in enumerate(DEPARTMENTS):
            life.use(f"{key} line", call(day, f"20:5{place}:00", 300 + 37 * day.day, ABROAD))
    if day.day == 20:
        for key in life.rows:
            life.pay_all(key)


class Company:
    """What happens on which day."""

    def __init__(self, life: Life) -> None:
        self.life, self.open = life, []
        do = life
        self.days = {
            date(2025, 7, 14): [lambda: do.buy("sales line", "roam")],
            date(2025, 8, 2): [lambda: do.change_plan("sales second", "after")],
            date(2025, 8, 11): [lambda: own_fee(life, "works", "office", "999.99")],
            date(2025, 9, 2): [lambda: self.dispute("works", "usage", "55.55")],
            date(2025, 9, 18): [lambda: do.note("head", "credit_note", {"fee": "1000.00"})],
            date(2025, 9, 25): [lambda: do.change_plan("shop line", "after")],
            date(2025, 10, 3): [lambda: self.decide("55.55")],
            date(2025, 10, 9): [lambda: do.pause("sales line", until=date(2025, 11, 20))],
            date(2025, 10, 26): [lambda: clocks(life)],
            date(2025, 11, 16): [lambda: do.void("works", {0: "500.00"})],
            date(2025, 12, 3): [
                lambda: change_unit(life, "sales", cost_centre="ЦЗ-11", is_apart=False)
            ],
            date(2025, 12, 10): [lambda: do.change_plan("works line", "thirty")],
            date(2025, 12, 28): [lambda: own_fee(life, "head", "trunk", "4321.09")],
            date(2026, 1, 2): [lambda: self.dispute("head", "fee", "2000.00")],
            date(2026, 1, 12): [lambda: do.buy("head line", "late")],
            date(2026, 2, 3): [
                lambda: self.decide(None),
                lambda: do.grant("shop", "300.00", days=60),
            ],
            date(2026, 2, 14): [lambda: do.pause("works line", starts_on=date(2026, 3, 10))],
            date(2026, 3, 4): [
                lambda: change_unit(life, "shop", cost_centre="ЦЗ-30", is_apart=False)
            ],
            date(2026, 3, 29): [lambda: clocks(life)],
            date(2026, 4, 2): [lambda: do.resume("works line"), lambda: do.void("sales")],
            date(2026, 4, 17): [lambda: do.change_plan("trunk", "net")],
            date(2026, 5, 5): [lambda: do.note("shop", "debit_note", {"fee": "12.34"})],
            date(2026, 5, 19): [lambda: do.drop("head line", "late")],
            date(2026, 5, 22): [
                lambda: do.correct("head", "-0.01"),
                lambda: do.bounce("works", "1.00"),
            ],
            date(2026, 6, 8): [lambda: do.terminate("sales second")],
        }

    def dispute(self, account: str, kind: str, amount: str) -> None:
        self.open.append(self.life.dispute(account, kind, amount))

    def decide(self, amount: str | None) -> None:
        self.life.decide(self.open.pop(), amount)


def live(folder: Path, *, whole: bool) -> Life:
    life = Life(folder, BEGIN, whole=whole)
    found(life)
    return play(life, Company(life).days, until=END, every_day=every_day, uses_on=28)


def test_a_year_of_a_company_is_what_the_plain_books_say(berlin: Path) -> None:
    life = live(berlin, whole=False)
    assert len(life.books.papers) >= 24
