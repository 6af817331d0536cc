"""Catalogues are compiled without the gettext programs, and the tree holds no stale one."""

import gettext
import importlib.util
import io
from pathlib import Path
from types import ModuleType

import pytest

from billing_project.launcher.state import ROOT

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\\n"

msgid "Balance"
msgstr "Баланс"

#, fuzzy
msgid "Guess"
msgstr "Наугад"

msgid "day"
msgid_plural "days"
msgstr[0] "день"
msgstr[1] "дня"
msgstr[2] "дней"
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = ROOT / "tools" / "compile_messages.py"
    spec = importlib.util.spec_from_file_location("compile_messages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "app" / "locale" / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(CATALOGUE)
    return folder / "django.po"


def test_a_compiled_catalogue_translates(tool: ModuleType, source: Path) -> None:
    catalogue = gettext.GNUTranslations(io.BytesIO(tool.compiled(source)))
    assert catalogue.gettext("Balance") == "Баланс"
    assert [catalogue.ngettext("day", "days", n) for n in (1, 3, 5)] == ["день", "дня", "дней"]
    assert catalogue.gettext("Guess") == "Guess"


def test_a_stale_catalogue_is_seen(tool: ModuleType, source: Path) -> None:
    assert not tool.is_fresh(source)
    source.with_suffix(".mo").write_bytes(tool.compiled(source))
    assert tool.is_fresh(source)
    source.write_text(CATALOGUE.replace("Баланс", "Остаток"))
    assert not tool.is_fresh(source)
