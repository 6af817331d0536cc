"""Merging sources into one history."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.domain.timeline import BadKey, Item, Key, merge

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def item(minutes: int, source: str = "note", row: int = 1) -> Item:
    key = Key(NOON - timedelta(minutes=minutes), source, row)
    return Item(key=key, kind="note", title=f"{source}{row}")


def test_newest_of_all_sources_come_first() -> None:
    page = merge([[item(1), item(5, row=2)], [item(3, "bill")]], limit=10)
    assert [found.title for found in page.items] == ["note1", "bill1", "note2"]
    assert page.older is None


def test_a_full_page_says_where_the_older_begin() -> None:
    page = merge([[item(1), item(2, row=2), item(3, row=3)]], limit=2)
    assert [found.title for found in page.items] == ["note1", "note2"]
    assert page.older == Key(NOON - timedelta(minutes=2), "note", 2)


def test_things_of_one_moment_keep_one_order() -> None:
    streams = [[item(0, "bill", 2), item(0, "bill", 1)], [item(0, "note", 7)]]
    assert [found.title for found in merge(streams, limit=9).items] == ["note7", "bill2", "bill1"]


def test_a_key_is_read_as_written() -> None:
    assert Key.read(str(item(4, "bill", 9).key)) == item(4, "bill", 9).key


@pytest.mark.parametrize("text", ["", "2026-11-22T12:00:00~note~1", "x~note~1", "2026-11-22~a"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        Key.read(text)
