"""Forms that show what something costs before it is agreed on."""

import html
import re

from django.http import HttpResponse
from django.test import Client


def seen_on(page: str) -> str:
    """The quote that a page carries in its form; empty if it carries none."""
    found = re.search(r'name="seen" value="([^"]*)"', page)
    return html.unescape(found.group(1)) if found else ""


def agree(client: Client, address: str, **asked: str) -> HttpResponse:
    """Look at the terms, and agree to exactly these."""
    shown = client.post(address, asked) if asked else client.get(address)
    return client.post(address, {**asked, "seen": seen_on(shown.content.decode())})
