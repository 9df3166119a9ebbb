"""Every page for every eye: axe finds no serious fault, nothing runs out of the window, and a picture is kept.

The pictures are in test-results/pages/, by width, colours and language; test-results/ is not committed.
"""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import demo
from tests.browser.conftest import Open
from tests.browser.places import Place, places

PICTURES = Path(__file__).resolve().parents[2] / "test-results" / "pages"
SERIOUS = {"serious", "critical"}
EYES = [(scheme, language) for scheme in ("light", "dark") for language in ("es", "en")]
FIRST_SEEN = {"sign-in", "mailboxes", "mailbox-new", "mailbox", "domain-edit", "home", "removed"}


def faults(page: Page) -> list[str]:
    """What axe finds that would keep somebody out, a line each."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def look(open_page: Open, place: Place, width: int, scheme: str, language: str) -> list[str]:
    page = open_page(place.where, place.role, width=width, scheme=scheme, language=language)
    assert "Something failed" not in page.title(), place.where
    folder = PICTURES / f"{width}-{scheme}-{language}"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{place.name}.png", full_page=True)
    axe = width == 1280 or (scheme, language) == ("dark", "en")  # a minute for each kind of window is enough
    found = [f"{place.name} {width} {scheme} {language}: {fault}" for fault in (faults(page) if axe else ())]
    if overflow(page) > 0:
        found.append(f"{place.name} {width} {language}: {overflow(page)} px wider than the window")
    page.context.close()
    return found


@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "es"), (360, "dark", "en")])
def test_what_is_seen_first(open_page: Open, width: int, scheme: str, language: str) -> None:
    first = [place for place in places() if place.name in FIRST_SEEN]
    assert len(first) == len(FIRST_SEEN)
    assert [fault for place in first for fault in look(open_page, place, width, scheme, language)] == []


@pytest.mark.torture
@pytest.mark.parametrize(("scheme", "language"), EYES)
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_page(open_page: Open, width: int, scheme: str, language: str) -> None:
    demo.crowd()
    demo.many()
    assert [fault for place in places() for fault in look(open_page, place, width, scheme, language)] == []


@pytest.mark.torture
def test_zoomed_to_twice_its_size(open_page: Open) -> None:
    """A window of 640 px is one of 1,280 at 200 % (WCAG 2.2, 1.4.4)."""
    demo.crowd()
    demo.many()
    assert [fault for place in places() for fault in look(open_page, place, 640, "light", "es")] == []
