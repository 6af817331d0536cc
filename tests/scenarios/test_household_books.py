"""
A household's year, day by day: two lines, home internet with a bundle, a child's prepaid line.

From July 2025 to June 2026, with both changes of the clock and the new rate of tax in January.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from accounts import operations as accounts
from accounts.operations import households
from dunning.models import PromiseRule
from tariffs.models import PauseRule
from tests.integration.invoicing.household import ACTOR
from tests.scenarios.catalogue import make_bundle, stock
from tests.scenarios.lived import Life
from tests.scenarios.plain_usage import MEBIBYTE, ZONE, Use
from tests.scenarios.played import play

BEGIN, END = date(2025, 7, 1), date(2026, 7, 1)
D = Decimal
HOME, ABROAD = "79219990011", "493012345678"


def call(day: date, clock: str, seconds: int, to: str = HOME, *, fold: int = 0) -> Use:
    hour, minute, second = (int(part) for part in clock.split(":"))
    began = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZONE, fold=fold)
    return Use("voice", began, seconds, to)


def move_in(life: Life) -> None:
    """Maria pays for two lines and the home; her son has a prepaid line of his own."""
    stock(
        life,
        *("plain", "thirty", "after", "daily", "free", "net", "fast", "tv"),
        *("roam", "late", "drip", "gift", "guard"),
    )
    PauseRule.objects.create(ahead_days=90, fee=D("3.00"), free_days=10)
    PromiseRule.objects.update(price=D("9.90"), days=5, max_amount=D(500))
    people = [
        accounts.create_person(last_name="Иванова", first_name=name, now=life.now, actor=ACTOR)
        for name in ("Мария", "Пётр")
    ]
    said = {"now": life.now, "actor": ACTOR}
    home = households.create_household(owner_id=people[0].pk, name="Ивановы", **said)
    households.add_person(household_id=home.pk, person_id=people[1].pk, role="child", **said)
    life.open("family", people[0], cycle_day=31, limit=D("100.00"))
    life.open("son", people[1], cycle_day=5, kind="prepaid")
    life.connect("mother", "family", "plain", number="79210000001")
    life.connect("father", "family", "after", number="79210000002")
    life.connect("home", "family", "net")
    life.connect("tv", "family", "tv")
    life.pay("son", "700.00")
    life.connect("child", "son", "plain", number="79210000003")


def every_day(life: Life, *, uses: bool) -> None:
    """Calls of many days; salaries come on the 10th, pocket money on the 25th."""
    day = life.today
    if day.day % 3 == 0 and uses:
        life.use("mother", call(day, "20:58:30", 90 + day.day * 7))
        life.use("father", call(day, "02:59:10", 61, ABROAD))
    if day.day % 7 == 0 and uses:
        life.use("child", Use("data", call(day, "15:00:00", 0).began, day.day * MEBIBYTE // 3))
    if day.day == 10:
        life.pay_all("family")
    if day.day == 25:
        life.pay("son", "330.00")


def clocks_change(life: Life, change: date) -> None:
    """Calls on both sides of the hour that is left out, or comes twice, and through it."""
    for number, clock in enumerate(("01:50:00", "01:59:30", "02:50:00", "03:00:00")):
        if clock < "02:30" or change.month == 10:
            life.use("mother", call(change, clock, 1500 + number))
    if change.month == 10:
        life.use("father", call(change, "02:50:00", 1500, fold=1), call(change, "02:05:00", 9000))
    life.use("child", call(change, "00:10:00", 14_400))


def bundle(life: Life) -> None:
    """Internet at 500, television at 250 and a package at 93, together 600: split by the fees."""
    shares = {("home", "net"): D("355.87"), ("tv", "tv"): D("177.94")}
    sold = make_bundle(life, "600.00", "net", "tv", "guard")
    life.buy_bundle("family", sold, {**shares, ("home", "guard"): D("66.19")})


class Household:
    """What happens on which day; the disputes that are open."""

    def __init__(self, life: Life) -> None:
        self.life, self.open = life, []
        do = life
        self.days = {
            date(2025, 7, 8): [
                lambda: do.buy("mother", "roam"),
            ],
            date(2025, 7, 20): [lambda: do.change_plan("mother", "after")],
            date(2025, 8, 3): [lambda: bundle(life), lambda: do.bounce("family", "99.99")],
            date(2025, 8, 14): [lambda: do.pause("child", until=date(2025, 9, 2))],
            date(2025, 8, 30): [lambda: do.drop("mother", "roam")],
            date(2025, 9, 1): [lambda: self.dispute("usage", "1.00")],
            date(2025, 9, 9): [
                lambda: do.buy("father", "late"),
                lambda: do.grant("family", "77.70", days=25),
            ],
            date(2025, 9, 12): [lambda: self.decide("0.40")],
            date(2025, 9, 17): [lambda: do.change_plan("home", "fast")],
            date(2025, 9, 22): [lambda: do.promise("son", "300.00")],
            date(2025, 10, 4): [
                lambda: do.change_plan("father", "plain"),
                lambda: self.dispute("fee", "120.00"),
            ],
            date(2025, 10, 26): [lambda: clocks_change(life, life.today)],
            date(2025, 11, 2): [lambda: self.decide(None), lambda: do.change_plan("child", "free")],
            date(2025, 11, 11): [lambda: do.pause("mother", starts_on=date(2025, 12, 20))],
            date(2025, 11, 28): [lambda: do.promise("son", "200.00")],
            date(2025, 12, 2): [
                lambda: do.note("family", "credit_note", {"fee": "50.00", "usage": "0.30"})
            ],
            date(2025, 12, 15): [lambda: do.change_plan("father", "thirty")],
            # The tax rises over New Year's Eve.
            date(2025, 12, 31): [lambda: do.use("mother", call(do.today, "23:59:00", 600, ABROAD))],
            date(2026, 1, 1): [lambda: do.use("mother", call(do.today, "00:01:00", 600, ABROAD))],
            date(2026, 1, 15): [lambda: do.resume("mother"), lambda: do.buy("child", "gift")],
            date(2026, 1, 20): [lambda: do.buy("child", "drip")],
            date(2026, 1, 26): [lambda: do.drop("child", "drip")],
            date(2026, 2, 1): [lambda: do.void("family", {0: "0.00", 1: "123.45"})],
            date(2026, 2, 12): [lambda: do.note("family", "debit_note", {"fee": "7.00"})],
            date(2026, 3, 3): [
                lambda: do.correct("family", "-15.00"),
                lambda: do.change_plan("child", "daily"),
            ],
            date(2026, 3, 11): [lambda: do.change_plan("child", "after")],
            date(2026, 3, 29): [lambda: clocks_change(life, life.today)],
            date(2026, 4, 4): [lambda: do.correct("family", "33.00", kind="WRITE_OFF")],
            date(2026, 4, 13): [lambda: do.pause("home"), lambda: do.drop("father", "late")],
            date(2026, 5, 5): [lambda: do.void("son")],
            date(2026, 5, 6): [lambda: do.resume("home")],
            date(2026, 6, 10): [lambda: do.terminate("tv")],
        }
        for day in self.days:
            assert BEGIN < day < END

    def dispute(self, kind: str, amount: str) -> None:
        self.open.append(self.life.dispute("family", kind, amount))

    def decide(self, amount: str | None) -> None:
        self.life.decide(self.open.pop(), amount)


def live(folder: Path, *, whole: bool) -> Life:
    life = Life(folder, BEGIN, whole=whole)
    move_in(life)
    return play(life, Household(life).days, until=END, every_day=every_day, uses_on=21)


def test_a_year_of_a_household_is_what_the_plain_books_say(berlin: Path) -> None:
    life = live(berlin, whole=False)
    assert [len(one.bills) for one in life.books.accounts.values()] == [13, 12]
