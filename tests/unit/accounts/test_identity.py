"""Identity documents: what can't be right, and what the seal keeps."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.identity import (
    DocumentKind,
    Fault,
    Identity,
    UnableToUnseal,
    find_fault,
    fingerprint,
    read_number,
    seal,
    unseal,
)

TODAY = date(2026, 11, 22)
BORN = date(2000, 2, 29)
OLD, NEW = "o" * 40, "n" * 40
PASSPORT = Identity(
    number="4019123456",
    issued_on=date(2020, 3, 1),
    issued_by="ГУ МВД России по Санкт-Петербургу",
    department="780-001",
    address="Санкт-Петербург, Невский пр., 1",
)


@pytest.mark.parametrize(
    ("kind", "changes", "fault"),
    [
        ("passport", {}, None),
        ("passport", {"number": "401912345"}, Fault.NUMBER),
        ("passport", {"number": "40191234560"}, Fault.NUMBER),
        ("passport", {"number": "40I9123456"}, Fault.NUMBER),
        ("passport", {"issued_on": date(2026, 11, 23)}, Fault.ISSUED_LATER),
        ("passport", {"issued_on": TODAY}, None),
        ("passport", {"issued_on": date(2014, 2, 27)}, Fault.ISSUED_EARLY),
        ("passport", {"issued_on": date(2014, 2, 28)}, None),
        ("passport", {"department": "780001"}, Fault.DEPARTMENT),
        ("passport", {"issued_on": None, "department": ""}, None),
        ("travel", {"number": "751234567"}, None),
        ("travel", {"number": "4019123456"}, Fault.NUMBER),
        ("travel", {"number": "751234567", "issued_on": date(2000, 2, 27)}, Fault.ISSUED_EARLY),
        ("travel", {"number": "751234567", "issued_on": date(2000, 3, 9)}, None),
        ("birth", {"number": "II-АК123456"}, None),
        ("birth", {"number": "IIАК123456"}, None),
        ("birth", {"number": "2АК123456"}, Fault.NUMBER),
        ("residence", {"number": "820123456"}, None),
        ("foreign", {"number": "AB-12"}, None),
        ("foreign", {"number": "12"}, Fault.NUMBER),
        ("other", {"number": "ЖЩ55512"}, None),
    ],
)
def test_what_a_document_must_look_like(
    kind: str, changes: dict[str, object], fault: Fault | None
) -> None:
    identity = replace(PASSPORT, **changes)
    assert find_fault(DocumentKind(kind), identity, on=TODAY, born_on=BORN) == fault


def test_age_is_not_asked_of_those_whose_birthday_is_unknown() -> None:
    early = replace(PASSPORT, issued_on=date(1990, 1, 1))
    assert find_fault(DocumentKind.PASSPORT, early, on=TODAY, born_on=None) is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("40 19 № 123456", "4019123456"),
        ("4019,123456", "4019123456"),
        ("ii-ак 123 456", "II-АК123456"),
        (" 75 1234567\t", "751234567"),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, number: str) -> None:
    assert read_number(typed) == number


def test_the_tail_is_three_digits() -> None:
    assert PASSPORT.tail == "456"


texts = st.text(max_size=60).filter(lambda text: "\x00" not in text)


@given(
    number=st.text("0123456789", min_size=1, max_size=12),
    issued_on=st.none() | st.dates(),
    issued_by=texts,
    department=texts,
    address=texts,
)
def test_what_was_sealed_comes_out_whole(**values: object) -> None:
    identity = Identity(**values)  # type: ignore[arg-type]
    sealed = seal(identity, keys=[NEW])
    assert unseal(sealed, keys=[NEW]) == identity
    assert unseal(sealed, keys=["another key of forty characters in all!", NEW]) == identity


def test_the_first_key_seals_and_the_others_open() -> None:
    sealed = seal(PASSPORT, keys=[OLD])
    assert unseal(sealed, keys=[NEW, OLD]) == PASSPORT
    assert unseal(seal(PASSPORT, keys=[NEW, OLD]), keys=[NEW]) == PASSPORT
    with pytest.raises(UnableToUnseal):
        unseal(sealed, keys=[NEW])


def test_nothing_of_it_can_be_read_in_the_seal() -> None:
    sealed = seal(PASSPORT, keys=[NEW])
    assert PASSPORT.number.encode() not in sealed
    assert sealed != seal(PASSPORT, keys=[NEW])


def test_fingerprints_tell_kinds_numbers_and_keys_apart() -> None:
    prints = {
        fingerprint(kind, number, key=key)
        for kind in (DocumentKind.PASSPORT, DocumentKind.OTHER)
        for number in ("4019123456", "4019123457")
        for key in (OLD, NEW)
    }
    assert len(prints) == 8
    again = fingerprint(DocumentKind.PASSPORT, "4019123456", key=OLD)
    assert again in prints
    assert len(again) == 64
