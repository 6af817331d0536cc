"""The menu: what a member of staff may see, the pages of usage behind one word."""

import re

from django.test import Client
from django.urls import reverse

from crm.domain.roles import ACCOUNTANT, AGENT
from tests.integration.crm.conftest import StaffClient


def row(client: Client, page: str, *, kind: str = "") -> list[str]:
    """The links of a row of the menu, the one that is here in brackets."""
    text = client.get(reverse(f"crm:{page}")).content.decode()
    found = re.search(rf"<nav{kind} aria-label=[^>]*>(.*?)</nav>", text, re.DOTALL)
    links = re.findall(r"<a href=\"([^\"]+)\" ([^>]*)>([^<]+)</a>", found[1] if found else "")
    return [f"[{name}]" if "current" in attributes else name for _, attributes, name in links]


def test_pages_of_usage_stand_behind_one_word(as_role: StaffClient) -> None:
    client = as_role(ACCOUNTANT)
    assert "Трафик" in row(client, "search")
    assert not {"Файлы", "Приостановленные", "Графики"} & set(row(client, "search"))
    assert row(client, "search", kind=' class="beside"') == []


def test_inside_they_stand_beside_each_other(as_role: StaffClient) -> None:
    client = as_role(ACCOUNTANT)
    assert "[Трафик]" in row(client, "suspense")
    assert row(client, "suspense", kind=' class="beside"') == [
        *("Файлы", "[Приостановленные]", "Перерасчёт трафика", "Графики", "Сессии")
    ]


def test_who_may_see_one_of_them_finds_it_in_the_menu(as_role: StaffClient) -> None:
    client = as_role(AGENT)
    assert "[Сессии]" in row(client, "sessions")
    assert "Трафик" not in row(client, "sessions")
    assert row(client, "sessions", kind=' class="beside"') == []
