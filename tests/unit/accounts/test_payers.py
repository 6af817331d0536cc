"""Whose a payment is: the purposes people write, and what is never guessed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.numbering import account_number
from accounts.domain.payers import (
    Book,
    Doubt,
    Found,
    Mentions,
    PayerAccount,
    Rule,
    doubt_currency,
    find_payer,
    is_transit,
    plain,
    read_purpose,
)

ON = date(2026, 11, 2)
MARIA, BEREG, BEREG_TOO, CLOSED, ELSEWHERE = 1, 2, 3, 4, 5
NUMBERS = {pk: account_number(pk) for pk in (MARIA, BEREG, BEREG_TOO, CLOSED, ELSEWHERE)}
CONTRACT, BILL, INN = "Д-2026-00017", "2026-0000123", "7801000005"
BOOK = Book(
    accounts={
        MARIA: PayerAccount(MARIA, 1, "RUB"),
        BEREG: PayerAccount(BEREG, 1, "RUB"),
        BEREG_TOO: PayerAccount(BEREG_TOO, 1, "RUB"),
        CLOSED: PayerAccount(CLOSED, 1, "RUB", date(2026, 10, 1)),
        ELSEWHERE: PayerAccount(ELSEWHERE, 2, "RUB"),
    },
    by_number={number: pk for pk, number in NUMBERS.items()},
    by_contract={
        plain(CONTRACT): frozenset({BEREG, BEREG_TOO}),
        "Д-2026-00018": frozenset({MARIA}),
    },
    by_bill={BILL: frozenset({BEREG})},
    by_inn={INN: frozenset({BEREG, BEREG_TOO}), "7802000000": frozenset({MARIA})},
)
WORDS = ["л/с", "ЛС", "Л/С №", "л.с.", "лс", "лиц. счёт №", "лицевой счет", "лицевого счёта №:"]
WORDS += ["ЛИЦЕВОЙ СЧЕТ N", "лиц.счету", "Л/СЧ", "ЛС:", "(л/с № ", "personal account", "л\\с "]
AROUND = st.text(
    st.characters(exclude_categories=["C", "N"], exclude_characters="№#"), max_size=40
).map(lambda text: f"{text} ")


def decide(purpose: str, *, inn: str = "", entity_id: int = 1) -> Found:
    """Read and decide."""
    return find_payer(read_purpose(purpose), inn=inn, book=BOOK, entity_id=entity_id, on=ON)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("shape", ["{}", "{}.", "{} Иванов И.И.", "{} 01.11.2026", "{}, НДС 22%"])
def test_an_account_number_is_found_however_it_is_written(word: str, shape: str) -> None:
    text = f"Оплата за связь {word}{shape.format(NUMBERS[MARIA])}"
    assert read_purpose(text).accounts == (NUMBERS[MARIA],)
    assert decide(text) == Found(MARIA, Rule.ACCOUNT)


@given(AROUND, st.sampled_from(WORDS), AROUND)
def test_text_around_changes_nothing(before: str, word: str, after: str) -> None:
    assert NUMBERS[MARIA] in read_purpose(f"{before}{word} {NUMBERS[MARIA]} {after}").accounts


PURPOSES = [
    ("100 000 017 за ноябрь", ()),
    ("л/с 100 000 017 за 11 2026", ("100000017",)),
    ("л/с 1234567", ("1234567",)),
    ("р/с 40702810900000000017", ()),
    ("расчетный счет 40702810900000000017", ()),
    ("лс12", ()),
    ("за плс 5000", ()),
]


@pytest.mark.parametrize(("text", "accounts"), PURPOSES)
def test_what_is_and_is_not_said_to_be_an_account(text: str, accounts: tuple[str, ...]) -> None:
    assert read_purpose(text).accounts == accounts


ALONE = [
    (f"{NUMBERS[MARIA]} Иванова", Found(MARIA, Rule.ACCOUNT)),
    (f"интернет {NUMBERS[MARIA]}", Found(MARIA, Rule.ACCOUNT)),
    (f"КПП {NUMBERS[MARIA]}", Found(doubt=Doubt.NOTHING_NAMED)),
    (f"БИК:{NUMBERS[MARIA]}", Found(doubt=Doubt.NOTHING_NAMED)),
    (f"тел. {NUMBERS[MARIA]}", Found(doubt=Doubt.NOTHING_NAMED)),
    (f"№ {NUMBERS[MARIA]}-5", Found(doubt=Doubt.NOTHING_NAMED)),
    (f"на сумму {NUMBERS[MARIA]}.00", Found(doubt=Doubt.NOTHING_NAMED)),
    (f"{NUMBERS[MARIA][:-1]}0", Found(doubt=Doubt.NOTHING_NAMED)),
]


@pytest.mark.parametrize(("text", "found"), ALONE)
def test_a_number_that_stands_alone(text: str, found: Found) -> None:
    assert decide(text) == found


CONTRACTS = [
    "договор № Д-2026-00018",
    "по дог. Д-2026-00018 от 1.1.26",
    "Дог.№Д2026-00018".replace("Д2", "Д-2"),
]
CONTRACTS += [
    "contract д–2026–00018",
    "По договору №Д - 2026 - 00018",
    "Д-2026-00018",
    "контракту Д/2026/00018",
]


@pytest.mark.parametrize("text", CONTRACTS)
def test_a_contract_of_one_account_is_found(text: str) -> None:
    assert decide(text) == Found(MARIA, Rule.CONTRACT)


BILLS = ["по счету № 2026-0000123 от 01.11.2026", "Оплата счёта 2026-0000123", "сч.2026-0000123"]
BILLS += ["Счет N 2026-0000123. В т.ч. НДС 22%", "2026-0000123", "счет-фактура 2026 - 0000123"]


@pytest.mark.parametrize("text", BILLS)
def test_a_bill_is_found(text: str) -> None:
    assert decide(text) == Found(BEREG, Rule.BILL)


DECISIONS = [
    ("оплата", INN, Found(doubt=Doubt.SEVERAL_OF_COMPANY, candidates=(BEREG, BEREG_TOO))),
    ("оплата", "7802000000", Found(MARIA, Rule.COMPANY)),
    ("оплата", "7803000000", Found(doubt=Doubt.NOTHING_NAMED)),
    ("оплата", "", Found(doubt=Doubt.NOTHING_NAMED)),
    (
        "договор Д-2026-00017",
        "",
        Found(doubt=Doubt.SEVERAL_ACCOUNTS, candidates=(BEREG, BEREG_TOO)),
    ),
    ("договор Д-2026-00017, счет 2026-0000123", "", Found(BEREG, Rule.BILL)),
    (f"договор Д-2026-00017, л/с {NUMBERS[BEREG_TOO]}", "", Found(BEREG_TOO, Rule.ACCOUNT)),
    (
        f"л/с {NUMBERS[MARIA]}, счет 2026-0000123",
        "",
        Found(doubt=Doubt.CONTRADICTION, candidates=(MARIA, BEREG)),
    ),
    (
        f"л/с {NUMBERS[MARIA]}, л/с {NUMBERS[BEREG]}",
        INN,
        Found(doubt=Doubt.SEVERAL_ACCOUNTS, candidates=(MARIA, BEREG)),
    ),
    ("л/с 100009999", "7802000000", Found(doubt=Doubt.UNKNOWN_ACCOUNT, candidates=(MARIA,))),
    (
        f"л/с 100009999, л/с {NUMBERS[MARIA]}",
        "",
        Found(doubt=Doubt.UNKNOWN_ACCOUNT, candidates=(MARIA,)),
    ),
    # A treasury's own personal account is no account of ours.
    ("(л/с 03731234567) за связь", "7802000000", Found(MARIA, Rule.COMPANY)),
    (f"л/с {NUMBERS[CLOSED]}", "", Found(doubt=Doubt.CLOSED, candidates=(CLOSED,))),
    (f"л/с {NUMBERS[ELSEWHERE]}", "", Found(doubt=Doubt.OTHER_ENTITY, candidates=(ELSEWHERE,))),
    # A company pays for an employee: what it says goes before who it is.
    (f"л/с {NUMBERS[MARIA]} за сотрудника", INN, Found(MARIA, Rule.ACCOUNT)),
]


@pytest.mark.parametrize(("purpose", "inn", "found"), DECISIONS)
def test_who_paid_is_decided_or_doubted(purpose: str, inn: str, found: Found) -> None:
    assert decide(purpose, inn=inn) == found


def test_another_currency_is_in_doubt() -> None:
    assert doubt_currency(Found(MARIA, Rule.ACCOUNT), book=BOOK, currency="USD") == Found(
        doubt=Doubt.OTHER_CURRENCY, candidates=(MARIA,)
    )
    assert doubt_currency(Found(MARIA, Rule.ACCOUNT), book=BOOK, currency="RUB").account_id == MARIA


TRANSIT = ["30232810900000000001", "40911810900000000001", "40817810900000000001", "47422810900000"]
SETTLING = ["40702810900000000017", "40802810900000000017", "03214643000000017200", ""]


@pytest.mark.parametrize(
    ("account", "is_so"), [*((a, True) for a in TRANSIT), *((a, False) for a in SETTLING)]
)
def test_the_inn_of_a_bank_that_passes_money_on_is_nobodys(account: str, is_so: bool) -> None:
    assert is_transit(account) is is_so


IDS = st.sampled_from(sorted(BOOK.accounts))
SETS = st.dictionaries(st.sampled_from("abcd"), st.frozensets(IDS, min_size=1), max_size=4)


@given(
    mentions=st.builds(
        Mentions,
        accounts=st.lists(st.sampled_from([*NUMBERS.values(), "100009999", "77"]), max_size=3).map(
            tuple
        ),
        alone=st.lists(st.sampled_from([*NUMBERS.values(), "100009999"]), max_size=2).map(tuple),
        contracts=st.lists(st.sampled_from("abcd"), max_size=2).map(tuple),
        bills=st.lists(st.sampled_from("abcd"), max_size=2).map(tuple),
    ),
    contracts=SETS,
    bills=SETS,
    company=st.frozensets(IDS, max_size=3),
)
def test_money_goes_only_where_everything_named_agrees(
    mentions: Mentions,
    contracts: dict[str, frozenset[int]],
    bills: dict[str, frozenset[int]],
    company: frozenset[int],
) -> None:
    book = Book(BOOK.accounts, BOOK.by_number, contracts, bills, {INN: company})
    found = find_payer(mentions, inn=INN, book=book, entity_id=1, on=ON)
    assert (found.account_id is None) is (found.doubt is not Doubt.NONE)
    assert (found.account_id is None) is (found.rule is Rule.NONE)
    if found.account_id is None:
        return
    assert found.account_id in {MARIA, BEREG, BEREG_TOO}
    for names, known in ((mentions.contracts, contracts), (mentions.bills, bills)):
        named = [known[name] for name in names if name in known]
        assert not named or any(found.account_id in ids for ids in named)
    labelled = {BOOK.by_number[n] for n in mentions.accounts if n in BOOK.by_number}
    assert not labelled or found.account_id in labelled
    assert "100009999" not in mentions.accounts


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    mentions = read_purpose(text)
    assert all(number.isdigit() for number in mentions.accounts + mentions.alone)
