"""The pictures of README.md, taken into test-results/pictures/; after a look they are copied to docs/pictures/."""

from pathlib import Path

import pytest

from controlpanel.mailboxes.models import Mailbox
from tests.browser import demo
from tests.browser.conftest import Open

PICTURES = Path(__file__).resolve().parents[2] / "test-results" / "pictures"


@pytest.mark.torture
def test_pictures(open_page: Open) -> None:
    demo.crowd()
    own = f"/mail/{Mailbox.objects.get(address_text=demo.OWNER).pk}/"
    taken = [
        ("mailboxes", f"/domains/{demo.OFFICE}/mailboxes/", "administrator", 1280, "light", "en"),
        ("mailbox-of-an-owner", own, "owner", 1280, "dark", "en"),
        ("on-a-phone", f"/domains/{demo.OFFICE}/mailboxes/", "administrator", 360, "light", "es"),
    ]
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, where, role, width, scheme, language in taken:
        page = open_page(where, role, width=width, scheme=scheme, language=language)
        page.screenshot(path=PICTURES / f"{name}.png")
        assert (PICTURES / f"{name}.png").stat().st_size < 200_000
