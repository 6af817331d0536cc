"""Decks out of files and into files, on the screen."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tariffs.formats.deck_files import deck_template
from tariffs.models import RateDeckVersion
from tests.integration.crm.catalogue.conftest import Address


def upload(text: bytes, name: str = "deck.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text)


@pytest.fixture
def exported(client: Client, deck_version: RateDeckVersion, at: Address) -> bytes:
    answer = client.get(at("export", deck_version.pk, "csv"))
    assert answer["Content-Disposition"].endswith('.csv"')
    return answer.content.replace(b"2026-01-01", b"2027-01-01")


def test_what_was_exported_can_be_imported(
    client: Client, deck_version: RateDeckVersion, at: Address, exported: bytes
) -> None:
    data = {"file": upload(exported), "valid_from": "2027-01-01"}
    answer = client.post(at("import", deck_version.deck_id), data)
    draft = deck_version.deck.versions.exclude(pk=deck_version.pk).get()
    assert answer["Location"] == at("deck-version", draft.pk)
    assert draft.published_at is None
    assert client.get(answer["Location"]).status_code == 200
    difference = client.get(at("difference", draft.pk))
    assert difference.context["rows"] == []


def test_a_dearer_line_is_in_the_difference(
    client: Client, deck_version: RateDeckVersion, at: Address, exported: bytes
) -> None:
    changed = exported.replace(b"19.99", b"29.99").replace(b"19,99", b"29,99")
    assert changed != exported
    data = {"file": upload(changed), "valid_from": "2027-01-01"}
    client.post(at("import", deck_version.deck_id), data)
    draft = deck_version.deck.versions.exclude(pk=deck_version.pk).get()
    rows = client.get(at("difference", draft.pk)).context["rows"]
    assert {row.where.split()[0] for row in rows} == {"1", "995"}
    assert max(row.percent for row in rows if row.percent) == 50


def test_a_bad_line_is_named_and_nothing_is_written(
    client: Client, deck_version: RateDeckVersion, at: Address, exported: bytes
) -> None:
    lines = exported.splitlines(keepends=True)
    broken = b"".join([*lines[:2], lines[2].replace(b"1", b"x", 1), *lines[3:]])
    data = {"file": upload(broken), "valid_from": "2027-01-01"}
    answer = client.post(at("import", deck_version.deck_id), data)
    problems = answer.context["problems"]
    assert problems
    assert {problem.line for problem in problems} == {3}
    assert str(problems[0].message) in answer.content.decode().replace("&quot;", '"')
    assert deck_version.deck.versions.count() == 1


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04 no workbook"])
def test_what_is_no_table_is_refused(
    client: Client, deck_version: RateDeckVersion, at: Address, content: bytes
) -> None:
    data = {"file": upload(content), "valid_from": "2027-01-01"}
    answer = client.post(at("import", deck_version.deck_id), data)
    assert answer.status_code == 200
    assert answer.context["form"].errors or answer.context["problems"]
    assert deck_version.deck.versions.count() == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_files_are_handed_out(
    client: Client, deck_version: RateDeckVersion, at: Address, form: str
) -> None:
    assert client.get(at("export", deck_version.pk, form)).content
    assert len(client.get(at("template", form)).content) == pytest.approx(
        len(deck_template(form=form)), rel=0.1
    )
    assert client.get(at("export", deck_version.pk, "pdf")).status_code == 404
