"""A rate deck out of a file and into one: 60,000 prefixes, faults by line, prices from their day."""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook, load_workbook

from rating.domain.prices import DeckPrices
from rating.domain.twin import Use, price_one
from tariffs import operations, queries
from tariffs.domain.deck import UsageKind
from tariffs.domain.deck_diff import Change
from tariffs.domain.deck_lines import LineRule
from tariffs.formats.deck_files import deck_template, export_deck
from tariffs.formats.tables import UnreadableTable
from tariffs.models import Rate, RateDeckVersion, Zone, ZonePrefix, ZoneScheme, ZoneTerms
from tests.integration.tariffs.catalogue import (
    ANY_BAND,
    DAY_BAND,
    JANUARY,
    NOW,
    draft_version,
    make_deck,
    make_zone,
)

pytestmark = pytest.mark.django_db
MOSCOW = ZoneInfo("Europe/Moscow")
DECEMBER = date(2026, 12, 1)
SMALL = "prefix;destination;price\n49;Germany;1,5\n4930;Berlin;2\n*;*;9\n"


def import_text(text: str, *, deck=None, on=JANUARY, encoding="utf-8", **words):
    return operations.import_deck(
        deck=deck or make_deck(), data=text.encode(encoding), valid_from=on, **words
    )


def publish(imported) -> RateDeckVersion:
    return operations.publish_deck_version(version_id=imported.version.pk, now=NOW)


def entries(version_id: int) -> dict[str, tuple[str, str, tuple[Decimal | None, ...]]]:
    table = queries.load_deck_table(version_id)
    return {
        prefix: (name, kind, prices.prices)
        for prefix, (name, kind, prices) in table.entries.items()
    }


def price_of(deck_id: int, number: str, *, at: datetime, seconds: int = 60) -> Decimal:
    """What rating makes of a call, by the version in force."""
    version = queries.find_deck_version(deck_id=deck_id, on=at.date())
    deck = queries.load_deck(version.pk)
    zones = [zone for zone in queries.load_zones() if zone.scheme_id == deck.scheme_id]
    place = {prefix: zone.zone_id for zone in zones for prefix in zone.prefixes}
    zone_id = next(
        (
            place[number[:length]]
            for length in range(len(number), 0, -1)
            if number[:length] in place
        ),
        0,
    )
    use = Use(int(at.timestamp()), UsageKind.VOICE, seconds)
    return price_one(use, prices=DeckPrices(deck, zones=zones), zone_id=zone_id).amount


def big_file(
    *, price: str = "1.5", count: int = 60_000, broken: dict[int, str] | None = None
) -> str:
    """So many prefixes of 3,000 destinations, as carriers send them."""
    lines = ["prefix;destination;class;price;connection_fee;first_increment;next_increment"]
    for number in range(count):
        place = number // 20
        amount = f"{Decimal(price) + Decimal(place % 500) / 100}"
        lines.append(
            f"{200_000 + number};Destination {place};international;{amount};0;{1 + place % 2 * 59};1"
        )
    for line, text in (broken or {}).items():
        lines[line - 1] = text
    return "\n".join(lines)


def test_sixty_thousand_prefixes_are_imported_published_and_price_from_their_day() -> None:
    deck = make_deck("carrier")
    publish(import_text(big_file(), deck=deck))
    with CaptureQueriesContext(connection) as asked:
        done = import_text(big_file(price="2.5"), deck=deck, on=DECEMBER)
        publish(done)
    assert len(asked) < 100
    assert (done.lines, done.prefixes, done.zones) == (60_000, 60_000, 3_000)
    assert done.is_scheme_reused
    evening = datetime(2026, 11, 30, 23, 59, 59, tzinfo=MOSCOW)
    morning = datetime(2026, 12, 1, tzinfo=MOSCOW)
    assert price_of(deck.pk, "2000001234", at=evening) == Decimal("1.50")
    assert price_of(deck.pk, "2000001234", at=morning) == Decimal("2.50")
    assert price_of(deck.pk, "2599991234", at=evening) == Decimal("6.49")


def test_a_bad_line_among_sixty_thousand_is_refused_by_number_and_reason() -> None:
    deck = make_deck("carrier")
    broken = {
        31_007: "231005x;Destination;international;1;0;1;1",
        45_000: "244998;Destination;international;12,3456789;0;1;1",
        59_999: "200000;Destination;international;1;0;1;1",
    }
    with translation.override("ru"), pytest.raises(operations.UnableToImportDeck) as refusal:
        import_text(big_file(broken=broken), deck=deck)
    assert [(one.line, one.column, one.rule) for one in refusal.value.problems] == [
        (31_007, "prefix", LineRule.NOT_A_PREFIX),
        (45_000, "price", LineRule.TOO_PRECISE),
        (59_999, "prefix", LineRule.DUPLICATE),
    ]
    assert refusal.value.problems[2].message == "Префикс 200000 уже есть в строке 2."
    assert "231005x" in refusal.value.problems[0].message
    assert "цифр" in refusal.value.problems[0].message
    assert not deck.versions.exists()
    assert not ZoneScheme.objects.exists()
    assert not Zone.objects.exists()


def test_the_division_is_kept_while_it_is_the_same() -> None:
    deck = make_deck()
    first = import_text(SMALL, deck=deck)
    publish(first)
    again = import_text(SMALL.replace("1,5", "7"), deck=deck, on=DECEMBER)
    assert (again.is_scheme_reused, again.version.scheme_id) == (True, first.version.scheme_id)
    other = import_text(SMALL.replace("4930;Berlin", "4931;Berlin"), deck=deck, on=DECEMBER)
    assert not other.is_scheme_reused
    assert ZoneScheme.objects.count() == 2
    assert set(
        ZonePrefix.objects.filter(scheme=other.version.scheme).values_list("prefix", flat=True)
    ) == {
        "49",
        "4931",
    }


def test_the_rest_of_the_world_has_no_zone() -> None:
    done = import_text(SMALL)
    assert Rate.objects.get(deck_version=done.version, zone=None).price == 9
    assert done.zones == 2
    flat = import_text("prefix;destination;price\n*;*;0,35\n", deck=make_deck("sms", kind="sms"))
    assert (flat.version.scheme, flat.zones, flat.prefixes) == (None, 0, 0)


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(";", "utf-8"), (";", "utf-8-sig"), (";", "cp1251"), ("\t", "utf-8"), (";", "utf-16")],
)
def test_files_come_in_many_ways(separator, encoding) -> None:
    text = "префикс;направление;цена\n49;Германия;1,50\n".replace(";", separator)
    done = import_text(text, encoding=encoding)
    assert entries(done.version.pk) == {"49": ("Германия", "international", (Decimal("1.5"),))}


def test_commas_separate_where_they_are_most() -> None:
    done = import_text('prefix,destination,price\n49,"Germany, all",1.5\n7,Россия,"2,5"\n')
    assert entries(done.version.pk) == {
        "49": ("Germany, all", "international", (Decimal("1.5"),)),
        "7": ("Россия", "international", (Decimal("2.5"),)),
    }


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x00\x01\x02", b"PK\x03\x04broken"])
def test_what_is_no_table_is_refused(data) -> None:
    with pytest.raises(UnreadableTable):
        operations.import_deck(deck=make_deck(), data=data, valid_from=JANUARY)


def test_a_spreadsheet_is_read_as_it_looks() -> None:
    book = Workbook()
    rows = (["prefix", "destination", "price", "valid_from"], [49, "Germany", 0.1 + 0.2, JANUARY])
    for row in (*rows, [], ["4930", "Berlin", "1,5", datetime(2026, 1, 1)]):
        book.active.append(row)
    buffer = BytesIO()
    book.save(buffer)
    done = operations.import_deck(deck=make_deck(), data=buffer.getvalue(), valid_from=JANUARY)
    assert [prices for _, _, prices in entries(done.version.pk).values()] == [
        (Decimal("0.3"),),
        (Decimal("1.5"),),
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_exported_is_imported_as_it_was(form) -> None:
    make_zone("DE", prefix="49")
    make_zone("BE", prefix="4930", zone_class="local")
    deck = make_deck()
    first = draft_version(deck)
    publish_now(first)
    exported = export_deck(version_id=first.pk, form=form)
    copy = operations.import_deck(
        deck=deck, data=exported, valid_from=JANUARY, replaces_id=first.pk
    )
    assert copy.version.bands.count() == 2
    before, after = (queries.load_deck_table(pk) for pk in (first.pk, copy.version.pk))
    assert (after.entries, after.bands) == (before.entries, before.bands)
    again = export_deck(version_id=copy.version.pk, form="csv")
    assert again == export_deck(version_id=first.pk, form="csv")
    publish(copy)
    third = operations.import_deck(
        deck=deck, data=again, valid_from=JANUARY, replaces_id=copy.version.pk
    )
    assert third.is_scheme_reused


def publish_now(version: RateDeckVersion) -> None:
    operations.publish_deck_version(version_id=version.pk, now=NOW)


def test_the_template_can_be_imported() -> None:
    for form in ("csv", "xlsx"):
        done = operations.import_deck(
            deck=make_deck(form), data=deck_template(form=form), valid_from=JANUARY
        )
        assert (done.lines, done.prefixes) == (3, 2)


def test_what_looks_like_a_formula_stays_text() -> None:
    zone = make_zone("DE", prefix="49")
    Zone.objects.filter(pk=zone.pk).update(name_ru="=1+1")
    version = draft_version(make_deck())
    sheet = load_workbook(BytesIO(export_deck(version_id=version.pk, form="xlsx"))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


def test_counting_rules_are_of_the_deck_where_most_lines_agree() -> None:
    text = "prefix;destination;price;first_increment\n1;a;1;6\n2;b;1;6\n3;c;1;60\n"
    done = import_text(text)
    rows = ZoneTerms.objects.filter(deck_version=done.version).order_by("zone_id")
    assert [(row.zone_id is None, row.first_increment) for row in rows] == [(False, 60), (True, 6)]


def test_a_new_version_keeps_the_manners_of_the_one_before() -> None:
    deck = make_deck()
    publish_now(
        draft_version(deck, bands=[ANY_BAND, DAY_BAND], rounding="up", time_zone="Asia/Omsk")
    )
    text = "prefix;destination;price_any;price_day\n49;Germany;1;2\n"
    done = import_text(text, deck=deck, on=DECEMBER)
    assert (done.version.rounding, done.version.time_zone) == ("up", "Asia/Omsk")
    day = done.version.bands.get(code="day")
    assert (day.from_second, day.priority, day.name_ru) == (8 * 3600, 1, "День")
    assert entries(done.version.pk)["49"][2] == (1, 2)


def test_decks_that_no_table_can_hold_are_not_exported() -> None:
    version = draft_version(make_deck())
    ZoneTerms.objects.filter(deck_version=version).update(max_cost=100)
    with pytest.raises(queries.UnableToExportDeck):
        export_deck(version_id=version.pk, form="csv")


def test_what_changes_is_told_before_publishing_page_by_page() -> None:
    deck = make_deck()
    first = import_text(SMALL, deck=deck)
    publish(first)
    text = "prefix;destination;price\n49;Germany;3\n4931;Essen;2\n*;*;8\n"
    draft = import_text(text, deck=deck, on=DECEMBER)
    diff = queries.diff_deck_versions(first.version.pk, draft.version.pk, limit=2)
    assert [(row.prefix, row.changes) for row in diff.rows] == [
        ("*", {Change.CHEAPER}),
        ("49", {Change.DEARER}),
    ]
    assert (diff.after, diff.summary.counts[Change.ADDED], diff.summary.unchanged) == ("49", 1, 0)
    rest = queries.diff_deck_versions(first.version.pk, draft.version.pk, after=diff.after)
    assert [row.prefix for row in rest.rows] == ["4930", "4931"]
    assert rest.after == ""
    only = queries.diff_deck_versions(first.version.pk, draft.version.pk, changes=[Change.REMOVED])
    assert [row.prefix for row in only.rows] == ["4930"]


def test_commands_import_publish_correct_and_export(tmp_path: Path, capsys) -> None:
    deck = make_deck("carrier")
    source, target = tmp_path / "in.csv", tmp_path / "out.xlsx"
    source.write_text(SMALL)
    call_command(
        "import_deck", str(source), "--deck", "carrier", "--from", "2026-01-01", "--publish"
    )
    assert "3 lines, 2 prefixes, 2 zones, published" in capsys.readouterr().out
    source.write_text(SMALL.replace("1,5", "4"))
    words = ("--deck", "carrier", "--from", "2026-03-05", "--publish", "--replace")
    call_command("import_deck", str(source), *words)
    version = queries.find_deck_version(deck_id=deck.pk, on=JANUARY)
    assert entries(version.pk)["49"][2] == (4,)
    assert version.replaces_id is not None
    call_command("export_deck", "carrier", str(target), "--on", "2026-03-05")
    assert target.read_bytes()[:2] == b"PK"


def test_the_command_lists_faults_and_writes_nothing(tmp_path: Path, capsys) -> None:
    deck = make_deck("carrier")
    source = tmp_path / "in.csv"
    source.write_text(SMALL.replace("4930", "49"))
    with pytest.raises(CommandError):
        call_command("import_deck", str(source), "--deck", "carrier", "--from", "2026-01-01")
    assert "3, prefix:" in capsys.readouterr().err
    assert not deck.versions.exists()
    with pytest.raises(CommandError):
        call_command("import_deck", str(source), "--deck", "none", "--from", "2026-01-01")
    with pytest.raises(CommandError):
        call_command("export_deck", "carrier", str(tmp_path / "x.csv"))
