"""
A real browser on the pages as they are served.

`page` is a fresh tab of a phone's or a desktop's size (parametrise `viewport` indirectly, or take
`PHONE`/`DESKTOP`); `serious_faults(page)` asks axe for what keeps people out.
"""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_MISSING = "no Chromium: `apt-get install chromium`, or set CHROMIUM=/path/to/it"


def keep_picture(page: Page, name: str) -> None:
    """Keep a page as the desktop and the phone show it, if RETEL_SCREENSHOTS names a folder."""
    folder = os.environ.get("RETEL_SCREENSHOTS")
    for size in (DESKTOP, PHONE) if folder else ():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        path = Path(str(folder)) / f"{name}-{size['width']}.png"
        page.screenshot(path=str(path), full_page=True)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and keep it on one worker: one browser is enough."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium (or CHROMIUM); without one the test is skipped, or fails in CI."""
    program = _find_chromium()
    if program is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    # Playwright's loop runs in this thread; Django would take it for an asynchronous view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def viewport(request: pytest.FixtureRequest) -> dict[str, int]:
    """Size of the window; parametrise with `indirect=True` for others."""
    size: dict[str, int] = getattr(request, "param", DESKTOP)
    return size


@pytest.fixture
def context(
    browser: Browser, viewport: dict[str, int], live_server: Any
) -> Iterator[BrowserContext]:
    """A visitor without cookies; addresses may be given relative to the live server."""
    visitor = browser.new_context(
        viewport=viewport, base_url=live_server.url, locale="ru-RU", timezone_id="Europe/Moscow"
    )
    visitor.set_default_timeout(30_000)
    yield visitor
    visitor.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A fresh tab."""
    return context.new_page()


def serious_faults(page: Page) -> list[str]:
    """Return axe's serious and critical findings on the page, one line each."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    # Not as a script tag: a page's content policy would rightly refuse it.
    page.evaluate(Path(package.origin).with_name("axe.min.js").read_text())
    rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}"
    found = page.evaluate(f"() => axe.run(document, {rules})")["violations"]
    return [
        f"{fault['id']}: {node['target']}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


def _find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    return named or (str(_MACOS) if _MACOS.exists() else None)


def press_shortcut(page: Page, key: str) -> None:
    """Press a page's own key, once its scripts are there: before, a link opens a page, not a dialog."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => document.readyState === 'complete' && 'htmx' in window")
    page.keyboard.press(key)
