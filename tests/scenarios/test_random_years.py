"""
Random years of households and companies: plans, packages, pauses, calls, payments, disputes, notes,
void bills, missed nights, at any hour. Whatever happens, the product says what the plain books say.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import operations as accounts
from accounts.operations import companies
from dunning.models import PromiseRule
from dunning.operations import UnableToPromise
from invoicing import operations
from invoicing import queries as invoicing_queries
from invoicing.operations.notes import UnableToCorrect
from invoicing.operations.voiding import UnableToCorrect as UnableToVoid
from tariffs.models import BundleVersion, PauseRule
from tests.integration.invoicing.household import ACTOR
from tests.scenarios.catalogue import PACKAGES, make_bundle, stock
from tests.scenarios.compared import prove
from tests.scenarios.lived import Life
from tests.scenarios.plain_fees import DAY, rounded
from tests.scenarios.plain_services import split
from tests.scenarios.plain_usage import MEBIBYTE
from tests.scenarios.test_household_books import ABROAD, HOME, Use, call

REFUSALS = (
    accounts.UnableToCorrect,
    accounts.UnableToRemovePackage,
    invoicing_queries.UnableToQuote,
    operations.UnableToBuy,
    operations.UnableToChangePause,
    operations.UnableToChangePlan,
    UnableToCorrect,
    UnableToPromise,
    UnableToVoid,
)
BEGIN = date(2025, 9, 20)
PLANS = ("plain", "thirty", "after", "daily", "free", "office")
BUNDLE = Decimal("370.01")
HELD = ("roam", "late", "drip", "gift")
RULES = (
    {},
    {"fee": Decimal("3.00"), "free_days": 10},
    {"fee": Decimal("100.00"), "fee_period": "month", "keeps_packages": True},
)
CYCLE_DAYS = st.sampled_from([1, 5, 29, 31])
PERCENT = st.integers(1, 100)
LINES = st.sampled_from(["fee", "usage", "one_off"])
ACTS = st.one_of(
    st.tuples(st.just("plan"), st.sampled_from(PLANS)),
    st.tuples(st.just("buy"), st.sampled_from(HELD)),
    st.tuples(st.just("drop"), st.sampled_from(HELD)),
    st.tuples(
        st.just("pause"), st.tuples(st.none() | st.integers(1, 40), st.none() | st.integers(1, 70))
    ),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(
        st.just("use"),
        st.lists(
            st.tuples(st.integers(0, 86_399), st.integers(0, 9_000), st.sampled_from("hav")),
            min_size=1,
            max_size=6,
        ),
    ),
    st.tuples(st.just("pay"), st.integers(1, 200_000)),
    st.tuples(st.just("dispute"), st.tuples(LINES, PERCENT)),
    st.tuples(st.just("decide"), st.none() | PERCENT),
    st.tuples(st.just("credit"), st.tuples(LINES, PERCENT)),
    st.tuples(st.just("debit"), st.tuples(LINES, PERCENT)),
    st.tuples(st.just("void"), st.none() | st.integers(0, 99_999)),
    st.tuples(st.just("correct"), st.integers(-5_000, 5_000)),
    st.tuples(st.just("grant"), st.integers(1, 40_000)),
    st.tuples(st.just("bundle"), st.none()),
    st.tuples(st.just("promise"), st.integers(1, 500)),
    st.tuples(st.just("miss"), st.integers(1, 9)),
)
HISTORY = st.lists(
    st.tuples(st.integers(0, 25), st.integers(0, 23), st.integers(0, 3), ACTS),
    min_size=8,
    max_size=24,
)


@dataclass
class Year:
    """Accounts with a mobile service each, and what is done to them."""

    life: Life
    bundle: BundleVersion
    open: list[tuple[int, Decimal]] = field(default_factory=list)
    done: int = 0

    @property
    def keys(self) -> list[str]:
        return list(self.life.rows)

    def act(self, who: int, name: str, what: object) -> None:
        key = self.keys[who % len(self.keys)]
        try:
            with transaction.atomic():
                getattr(self, f"do_{name}")(key, what)
        except REFUSALS:
            return
        self.done += 1

    def do_plan(self, key: str, code: str) -> None:
        self.life.change_plan(f"{key} line", code)

    def do_buy(self, key: str, code: str) -> None:
        self.life.buy(f"{key} line", code)

    def do_drop(self, key: str, code: str) -> None:
        if self.life.plain(f"{key} line").held(self.life.offers[code]):
            self.life.drop(f"{key} line", code)

    def do_pause(self, key: str, wish: tuple[int | None, int | None]) -> None:
        ahead, length = wish
        starts_on = self.life.today + ahead * DAY if ahead else None
        first = starts_on or self.life.today + DAY
        until = first + length * DAY if length else None
        self.life.pause(f"{key} line", starts_on=starts_on, until=until)

    def do_resume(self, key: str, _nothing: None) -> None:
        rests = self.life.plain(f"{key} line").rests
        if rests and (rests[-1].is_running or rests[-1].charged_to is None):
            self.life.resume(f"{key} line")

    def do_use(self, key: str, uses: list[tuple[int, int, str]]) -> None:
        for second, length, to in uses:
            clock = f"{second // 3600}:{second // 60 % 60}:{second % 60}"
            made = call(self.life.today, clock, length, HOME if to == "h" else ABROAD)
            if to == "v":
                made = Use("data", made.began, length * MEBIBYTE // 100)
            self.life.use(f"{key} line", made)

    def do_pay(self, key: str, kopecks: int) -> None:
        self.life.take(key, Decimal(kopecks) / 100)

    def do_correct(self, key: str, kopecks: int) -> None:
        if kopecks:
            self.life.correct(key, str(Decimal(kopecks) / 100))

    def do_grant(self, key: str, kopecks: int) -> None:
        self.life.grant(key, str(Decimal(kopecks) / 100), days=kopecks % 50)

    def do_dispute(self, key: str, what: tuple[str, int]) -> None:
        amount = self._part(key, *what)
        if amount:
            self.open.append((self.life.dispute(key, what[0], amount), Decimal(amount)))

    def do_decide(self, _key: str, percent: int | None) -> None:
        if self.open:
            dispute, amount = self.open.pop(0)
            part = rounded(amount * percent / 100) if percent else None
            self.life.decide(dispute, str(part) if part else None)

    def do_credit(self, key: str, what: tuple[str, int]) -> None:
        if amount := self._part(key, *what):
            self.life.note(key, "credit_note", {what[0]: amount})

    def do_debit(self, key: str, what: tuple[str, int]) -> None:
        if amount := self._part(key, *what):
            self.life.note(key, "debit_note", {what[0]: amount})

    def do_void(self, key: str, kopecks: int | None) -> None:
        bills = self.life.books.accounts[key].bills
        if bills and bills[-1].sold and not bills[-1].is_void:
            anew = None if kopecks is None else {0: str(Decimal(kopecks) / 100)}
            self.life.void(key, anew)

    def do_bundle(self, key: str, _nothing: None) -> None:
        """One plan and one package at one price; dissolved by whatever ends one of them."""
        service, sold = f"{key} line", ("plain", "roam")
        shares = split(BUNDLE, [self.life.offers[code].terms.fee for code in sold])
        parts = {(service, code): share for code, share in zip(sold, shares, strict=True)}
        self.life.buy_bundle(key, self.bundle, parts)

    def do_promise(self, key: str, roubles: int) -> None:
        self.life.promise(key, f"{roubles}.00")

    def do_miss(self, _key: str, nights: int) -> None:
        """Nobody closes the day; what the switch delivers waits in its folder."""
        self.life.miss(nights)

    def _part(self, key: str, kind: str, percent: int) -> str | None:
        """So much of what is left of the dearest line of a kind; None if there is none."""
        bills = self.life.books.accounts[key].bills
        lines = [line for line in bills[-1].lines if line.kind == kind] if bills else []
        if not lines or bills[-1].is_void:
            return None
        left = max(lines, key=lambda line: line.gross).left
        amount = rounded(left * percent / 100)
        return str(amount) if amount > 0 else None


def settle(life: Life, cycle_days: list[int], *, is_company: bool, plan: str) -> None:
    """A household of people with an account each, or a company with departments."""
    root = None
    contract = None
    for number, cycle_day in enumerate(cycle_days):
        key, now = f"who{number}", life.now
        if not is_company:
            customer = accounts.create_person(
                last_name="Иванов", first_name=key, now=now, actor=ACTOR
            )
        elif root is None:
            customer = root = accounts.create_company(
                name="ООО «Берег»", inn="7801234564", now=now, actor=ACTOR
            )
        else:
            customer = companies.add_unit(
                parent_id=root.pk, name=key, kind="department", now=now, actor=ACTOR
            )
        contract = contract if is_company and contract else life.sign(customer)
        payer = "who0" if is_company and len(cycle_days) > 1 else ""
        life.open(key, customer, contract=contract, cycle_day=cycle_day, payer=payer)
        life.connect(f"{key} line", key, plan, number=f"7921000020{number}")


def live(folder: Path, begun: dict, history: list) -> Year:
    life = Life(folder, BEGIN)
    stock(life, *PLANS, *HELD)
    PauseRule.objects.create(ahead_days=90, **begun["rule"])
    settle(life, begun["cycle_days"], is_company=begun["is_company"], plan=begun["plan"])
    PromiseRule.objects.update(price=Decimal("9.90"), days=5, max_amount=500, days_between=10)
    year = Year(life, make_bundle(life, str(BUNDLE), "plain", "roam"))
    for days, hour, who, (name, what) in history:
        life.live_until(life.today + days * DAY)
        life.hour = max(hour, life.hour if life.acted else 0)
        year.act(who, name, what)
    life.live_until(life.today + timedelta(days=3))
    for key in list(life.services):
        life.terminate(key)
    life.live_until(life.today + timedelta(days=65))
    prove(life)
    return year


BEGUN = st.fixed_dictionaries(
    {
        "is_company": st.booleans(),
        "cycle_days": st.lists(CYCLE_DAYS, min_size=1, max_size=4),
        "plan": st.sampled_from(PLANS),
        "rule": st.sampled_from(RULES),
    }
)
OPTIONS = {
    "phases": (Phase.explicit, Phase.generate),
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}

FOLDERS = count(1)


def nights_compared(folder: Path, begun: dict, history: list) -> int:
    """Live a year that begins with an empty house and an empty folder; each night is compared."""
    with transaction.atomic():
        year = live(folder / str(next(FOLDERS)), begun, history)
        transaction.set_rollback(True)
    return year.life.nights


@settings(max_examples=2, derandomize=True, **OPTIONS)
@given(begun=BEGUN, history=HISTORY)
def test_a_random_year_is_what_the_plain_books_say(berlin: Path, begun, history) -> None:
    assert nights_compared(berlin, begun, history) > 0


@pytest.mark.long
@settings(max_examples=200, **OPTIONS)
@given(begun=BEGUN, history=HISTORY)
def test_hundreds_of_random_years_are_what_the_plain_books_say(
    berlin: Path, begun, history
) -> None:
    assert nights_compared(berlin, begun, history) > 0


assert set(HELD) <= set(PACKAGES)
