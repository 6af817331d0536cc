"""Rules of the promised payment: which one is used, each condition, and when it will hold."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dunning.domain import promises
from dunning.domain.promise_terms import DAYS, FEE_SHARE, FIXED, MISSING, MONTH, UP_TO
from dunning.domain.promises import Applicant, Paid, Past, PromiseTerms, Reason, Rule
from tariffs.domain.eligibility import Buyer, Conditions

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 22, 15, tzinfo=MOSCOW)
TERMS = PromiseTerms(Decimal(500), days=5, price=Decimal(10), days_between=0)


def applicant(available: str = "-120", **changes: object) -> Applicant:
    values: dict = {"is_closed": False, "has_service": True, "past": ()} | changes
    return Applicant(available=Decimal(available), **values)


def given_ago(days: int, state: str = "kept", *, paid: int = 100) -> Past:
    at = NOW - timedelta(days=days)
    closed_at = None if state == "open" else at + timedelta(days=5)
    due_at = at + timedelta(days=5)
    return Past(at, due_at, state, closed_at, amount=Decimal(100), paid=Decimal(paid))


def paid_ago(days: int, amount: str) -> Paid:
    return Paid(NOW - timedelta(days=days), Decimal(amount))


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=MOSCOW)  # type: ignore[misc, arg-type]


# (terms changed, who asks, what is in the way)
CASES = {
    "a class without promises": ({}, {"may_promise": False}, Reason("class_refused")),
    "one open, partly paid": (
        {},
        {"past": (given_ago(1, "open", paid=30),)},
        Reason("is_open", to_pay=Decimal(70)),
    ),
    "once a calendar month": (
        {"times": 1},
        {"past": (given_ago(3),)},
        Reason("too_many", at(2026, 12, 1), asked=1),
    ),
    "last month does not count": ({"times": 1}, {"past": (given_ago(22),)}, None),
    "twice in ten days": (
        {"times": 2, "times_in": DAYS, "times_days": 10},
        {"past": (given_ago(8), given_ago(4), given_ago(2))},
        Reason("too_many", NOW + timedelta(days=6), asked=2),
    ),
    "twice in ten days, once so far": (
        {"times": 2, "times_in": DAYS, "times_days": 10},
        {"past": (given_ago(10), given_ago(4))},
        None,
    ),
    "a subscriber for too short": (
        {"min_months": 3},
        {"opened_on": date(2026, 8, 31)},
        Reason("too_new", at(2026, 11, 30), asked=3),
    ),
    "a subscriber for just long enough": (
        {"min_months": 3},
        {"opened_on": date(2026, 8, 22)},
        None,
    ),
    "too few payments": (
        {"min_payments": 3, "history_days": 30},
        {"payments": (paid_ago(30, "100"), paid_ago(29, "1"))},
        Reason("few_payments", more=2, asked=3),
    ),
    "too little paid": (
        {"min_paid": Decimal(500), "history_days": 30},
        {"payments": (paid_ago(40, "500"), paid_ago(29, "120.50"))},
        Reason("little_paid", to_pay=Decimal("379.50"), asked=Decimal(500)),
    ),
    "broken within half a year": (
        {"unbroken_months": 6},
        {"past": (given_ago(60, "broken"),)},
        Reason("broke_lately", at(2027, 3, 28, 15), asked=6),
    ),
    "broken long ago": ({"unbroken_months": 1}, {"past": (given_ago(60, "broken"),)}, None),
    "the last one was never paid": (
        {"after_kept": True},
        {"past": (given_ago(90), given_ago(60, "broken", paid=45))},
        Reason("not_honoured", to_pay=Decimal(55)),
    ),
    "the last one was paid late": (
        {"after_kept": True},
        {"past": (given_ago(60, "broken", paid=100),)},
        None,
    ),
    "a debt too small for it": (
        {"min_debt": Decimal(200)},
        {},
        Reason("debt_too_small", asked=Decimal(200)),
    ),
    "a debt too large for it": (
        {"max_debt": Decimal(100)},
        {},
        Reason("debt_too_large", to_pay=Decimal(20), asked=Decimal(100)),
    ),
    "credit that lifts nothing": (
        {},
        {"available": "-490.25"},
        Reason("too_deep", to_pay=Decimal(1), asked=Decimal(500)),
    ),
    "more is missing than the largest amount": (
        {"amount_is": MISSING, "max_amount": Decimal("100.50")},
        {},
        Reason("too_deep", to_pay=Decimal(30), asked=Decimal("100.50")),
    ),
    "nothing is missing": (
        {"amount_is": MISSING},
        {"available": "20"},
        Reason("nothing_missing"),
    ),
    "no fee to reckon from": ({"amount_is": FEE_SHARE}, {}, Reason("no_fee")),
    "a share that only pays its price": (
        {"amount_is": FEE_SHARE, "fee_percent": Decimal(10)},
        {"monthly_fee": Decimal(100), "available": "5"},
        Reason("too_little"),
    ),
}


@pytest.mark.parametrize(("terms", "who", "wanted"), CASES.values(), ids=CASES)
def test_a_condition_says_what_is_in_the_way_and_when_it_will_hold(
    terms: dict, who: dict, wanted: Reason | None
) -> None:
    verdict = promises.judge(replace(TERMS, **terms), applicant=applicant(**who), now=NOW)
    assert verdict.reasons == ((wanted,) if wanted else ())


@pytest.mark.parametrize(
    ("terms", "who", "amount", "is_exact"),
    [
        ({"amount_is": UP_TO}, {}, "500", False),
        ({"amount_is": FIXED}, {}, "500", True),
        # 120 is missing to zero, 10 is the price.
        ({"amount_is": MISSING}, {}, "130", True),
        ({"amount_is": MISSING}, {"missing": Decimal("120.01")}, "131", True),
        ({"amount_is": MISSING}, {"available": "0", "missing": Decimal("0.01")}, "11", True),
        ({"amount_is": FEE_SHARE}, {"monthly_fee": Decimal("333.33")}, "333.33", True),
        (
            {"amount_is": FEE_SHARE, "fee_percent": Decimal(50)},
            {"monthly_fee": Decimal("333.33")},
            "166.67",
            True,
        ),
        ({"amount_is": FEE_SHARE}, {"monthly_fee": Decimal(900)}, "500", True),
    ],
)
def test_the_amount_is_what_the_rule_says(
    terms: dict, who: dict, amount: str, *, is_exact: bool
) -> None:
    verdict = promises.judge(replace(TERMS, **terms), applicant=applicant(**who), now=NOW)
    assert (verdict.max_amount, verdict.is_exact) == (Decimal(amount), is_exact)
    assert verdict.is_allowed


def test_an_exact_amount_is_that_one_and_no_other() -> None:
    verdict = promises.judge(replace(TERMS, amount_is=FIXED), applicant=applicant(), now=NOW)
    wrong = promises.check_amount(Decimal(499), verdict=verdict)
    assert wrong == Reason("not_exact")
    assert promises.check_amount(Decimal(500), verdict=verdict) is None


COMPANIES = Conditions(customer_kinds=frozenset({"company"}))
TRUSTED = Conditions(credit_classes=frozenset({"trusted"}))
TRUSTED_PERSON = Buyer("person", "prepaid", credit_class="trusted")


def choose(*rules: Rule, **who: object) -> promises.Verdict:
    return promises.choose(rules, applicant=applicant(**who), now=NOW)  # type: ignore[arg-type]


class TestChoose:
    def test_the_first_by_position_that_is_for_the_account_and_gives(self) -> None:
        generous, plain = replace(TERMS, max_amount=Decimal(900)), TERMS
        rules = (
            Rule(1, 30, plain),
            Rule(2, 20, generous, whom=TRUSTED),
            Rule(3, 10, generous, whom=COMPANIES),
        )
        assert choose(*rules).rule_id == 1
        assert choose(*rules, buyer=TRUSTED_PERSON).rule_id == 2

    def test_a_rule_that_refuses_leaves_it_to_the_next(self) -> None:
        strict = replace(TERMS, min_payments=2, max_amount=Decimal(900))
        verdict = choose(Rule(1, 10, strict), Rule(2, 20, TERMS))
        assert (verdict.rule_id, verdict.max_amount, verdict.is_allowed) == (2, Decimal(500), True)

    def test_of_refusals_the_one_that_time_alone_ends_soonest_is_told(self) -> None:
        never = replace(TERMS, min_payments=2)
        later, sooner = replace(TERMS, days_between=30), replace(TERMS, days_between=20)
        rules = (Rule(1, 10, never), Rule(2, 20, later), Rule(3, 30, sooner))
        verdict = choose(*rules, past=(given_ago(10),))
        assert (verdict.rule_id, verdict.possible_at) == (3, NOW + timedelta(days=10))

    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "codes"),
        [
            (date(2026, 11, 22), date(2026, 11, 23), []),
            (date(2026, 11, 23), None, ["not_offered"]),
            (None, date(2026, 11, 22), ["not_offered"]),
        ],
    )
    def test_its_days_are_half_open(
        self, valid_from: date | None, valid_to: date | None, codes: list[str]
    ) -> None:
        verdict = choose(Rule(1, 1, TERMS, valid_from=valid_from, valid_to=valid_to))
        assert [reason.code for reason in verdict.reasons] == codes

    def test_a_rule_of_tomorrow_says_from_when(self) -> None:
        verdict = choose(Rule(1, 1, TERMS, valid_from=date(2026, 12, 1)))
        assert verdict.possible_at == at(2026, 12, 1)

    def test_a_day_on_which_the_rule_is_gone_is_not_promised(self) -> None:
        rule = Rule(1, 1, replace(TERMS, days_between=30), valid_to=date(2026, 12, 12))
        verdict = choose(rule, past=(given_ago(10),))
        assert verdict.reasons == (Reason("too_soon", None, asked=30),)

    def test_a_rule_for_others_is_none_for_this_account(self) -> None:
        assert choose(Rule(1, 1, TERMS, whom=COMPANIES)).reasons == (Reason("not_offered"),)


# --- properties ----------------------------------------------------------------------------------

money = st.decimals(0, 2000, places=2)
PAST = st.builds(
    given_ago,
    st.integers(0, 400),
    st.sampled_from(["kept", "broken"]),
    paid=st.integers(0, 100),
)
TERMS_OF_ANY_KIND = st.builds(
    PromiseTerms,
    max_amount=st.decimals("0.01", 2000, places=2),
    days=st.integers(1, 30),
    price=st.decimals(0, 50, places=2),
    days_between=st.integers(0, 60),
    amount_is=st.sampled_from([UP_TO, FIXED, MISSING, FEE_SHARE]),
    fee_percent=st.decimals(1, 300, places=2),
    times=st.integers(0, 4),
    times_in=st.sampled_from([MONTH, DAYS]),
    times_days=st.integers(1, 120),
    min_months=st.integers(0, 12),
    history_days=st.integers(1, 200),
    min_payments=st.integers(0, 3),
    min_paid=money,
    unbroken_months=st.integers(0, 12),
    min_debt=st.decimals(0, 100, places=2),
    max_debt=st.none() | money,
    after_kept=st.booleans(),
)
WHO = st.builds(
    Applicant,
    available=st.decimals(-2000, 300, places=2),
    is_closed=st.just(False),
    has_service=st.just(True),
    past=st.lists(PAST, max_size=6).map(tuple),
    payments=st.lists(st.builds(paid_ago, st.integers(0, 250), st.just("200")), max_size=4),
    opened_on=st.dates(date(2025, 1, 1), date(2026, 11, 22)),
    missing=money,
    monthly_fee=money,
)
#: What only time does away with; nothing else may change while it passes.
TIMED = {"too_soon", "too_many", "too_new", "broke_lately"}


@given(TERMS_OF_ANY_KIND, WHO)
def test_at_the_moment_told_only_time_is_gone_and_not_a_second_before(
    terms: PromiseTerms, who: Applicant
) -> None:
    verdict = promises.judge(terms, applicant=who, now=NOW)
    dated = [reason for reason in verdict.reasons if reason.possible_at is not None]
    assert {reason.code for reason in dated} <= TIMED
    for reason in dated:
        assert reason.possible_at is not None
        just = reason.possible_at.astimezone(MOSCOW)
        assert reason.code not in _codes(terms, who, now=just)
        assert reason.code in _codes(terms, who, now=just - timedelta(seconds=1))


@given(TERMS_OF_ANY_KIND, WHO)
def test_a_payment_of_what_is_told_does_away_with_the_reason_and_a_kopeck_less_does_not(
    terms: PromiseTerms, who: Applicant
) -> None:
    for reason in promises.judge(terms, applicant=who, now=NOW).reasons:
        if reason.to_pay is None:
            continue
        assert reason.code not in _codes(terms, _after(who, reason.to_pay), now=NOW)
        if reason.code not in {"too_deep", "not_honoured"}:
            less = reason.to_pay - Decimal("0.01")
            assert reason.code in _codes(terms, _after(who, less), now=NOW)


#: Terms about amounts alone, so that most accounts get something.
TERMS_OF_AMOUNTS = st.builds(
    PromiseTerms,
    max_amount=st.decimals("0.01", 2000, places=2),
    days=st.integers(1, 30),
    price=st.decimals(0, 50, places=2),
    days_between=st.just(0),
    amount_is=st.sampled_from([UP_TO, FIXED, MISSING, FEE_SHARE]),
    fee_percent=st.decimals(1, 300, places=2),
)


@given(TERMS_OF_ANY_KIND | TERMS_OF_AMOUNTS, WHO)
def test_an_amount_that_may_be_given_keeps_all_borders_and_reaches_above_zero(
    terms: PromiseTerms, who: Applicant
) -> None:
    verdict = promises.judge(terms, applicant=who, now=NOW)
    assume(verdict.is_allowed)
    amount = verdict.max_amount
    assert 0 < amount <= terms.max_amount
    assert amount > terms.price or not verdict.is_exact
    assert who.available + amount - terms.price >= 0
    if terms.amount_is == MISSING:
        assert amount - terms.price >= max(who.missing, who.debt)


@given(st.lists(TERMS_OF_ANY_KIND, min_size=1, max_size=4), WHO)
def test_a_promise_is_given_exactly_when_some_rule_gives_it(
    terms: list[PromiseTerms], who: Applicant
) -> None:
    rules = [Rule(number, 100 - number, each) for number, each in enumerate(terms, 1)]
    giving = [
        rule for rule in rules if promises.judge(rule.terms, applicant=who, now=NOW).is_allowed
    ]
    verdict = promises.choose(rules, applicant=who, now=NOW)
    assert verdict.is_allowed == bool(giving)
    if giving:
        assert verdict.rule_id == min(giving, key=lambda rule: rule.position).id


def _codes(terms: PromiseTerms, who: Applicant, *, now: datetime) -> set[str]:
    return {reason.code for reason in promises.judge(terms, applicant=who, now=now).reasons}


def _after(who: Applicant, amount: Decimal) -> Applicant:
    """The applicant once so much came in: it lifts the balance and pays the last promise."""
    past = sorted(who.past, key=lambda each: each.given_at)
    if past:
        latest = max(who.past, key=lambda each: each.given_at)
        past = [replace(each, paid=each.paid + amount) if each is latest else each for each in past]
    return replace(
        who,
        available=who.available + amount,
        missing=max(who.missing - amount, Decimal(0)),
        payments=[*who.payments, Paid(NOW, amount)],
        past=tuple(past),
    )
