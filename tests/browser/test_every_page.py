"""Every page for every eye: axe finds no serious fault, nothing runs out of the window, and a picture is kept.

The pictures are in test-results/pages/, by width, colours and language; test-results/ is not committed.
"""

from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Eyes:
    """Through which window, in which colours and language; one browser a person, which keeps what it has fetched."""

    open_page: Open
    width: int
    scheme: str
    language: str
    browsers: dict[str, Page] = field(default_factory=dict)

    def see(self, place: Place) -> list[str]:
        """Keep a picture of the page, and return what is wrong with it."""
        page = self._go(place)
        assert "Something failed" not in page.title(), place.where
        folder = PICTURES / f"{self.width}-{self.scheme}-{self.language}"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{place.name}.png", full_page=True)
        found = faults(page) if self.width == 1280 or (self.width, self.scheme) == (360, "dark") else []
        if overflow(page) > 0:
            found.append(f"{overflow(page)} px wider than the window")
        return [f"{place.name} {self.width} {self.scheme} {self.language}: {fault}" for fault in found]

    def _go(self, place: Place) -> Page:
        page = self.browsers.get(place.role)
        if page is None:
            window = {"width": self.width, "scheme": self.scheme, "language": self.language}
            page = self.browsers[place.role] = self.open_page(place.where, place.role, **window)
        else:
            page.goto(place.where)
        return page

    def see_all(self) -> list[str]:
        demo.crowd()
        demo.many()
        return [fault for place in places() for fault in self.see(place)]


@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "dark", "en")])
def test_what_is_seen_first(open_page: Open, width: int, scheme: str, language: str) -> None:
    eyes = Eyes(open_page, width, scheme, language)
    first = [place for place in places() if place.name in FIRST_SEEN]
    assert len(first) == len(FIRST_SEEN)
    assert [fault for place in first for fault in eyes.see(place)] == []


@pytest.mark.torture
@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_page(open_page: Open, width: int, scheme: str, language: str) -> None:
    assert Eyes(open_page, width, scheme, language).see_all() == []


@pytest.mark.torture
def test_zoomed_to_twice_its_size(open_page: Open) -> None:
    """A window of 640 px is one of 1,280 at 200 % (WCAG 2.2, 1.4.4)."""
    assert Eyes(open_page, 640, "light", "es").see_all() == []
