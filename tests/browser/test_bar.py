"""On a phone the places stand in a bar: all of them, in the language with the longest words."""

import pytest

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("role", ["owner", "operator", "administrator"])
def test_the_bar_shows_every_place_at_360_pixels(open_page: Open, role: str) -> None:
    page = open_page("/", role, width=360, language="es")
    rail = page.locator(".rail")
    assert rail.evaluate("bar => bar.scrollWidth - bar.clientWidth") <= 0
