"""A mail client is set up in a browser: with scripts and without, by a telephone's camera, by hand over POP3."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from playwright.sync_api import Locator, Page, expect

from controlpanel.clientsetup.selftest import lookups
from controlpanel.journal.record import RefusedSignIn, attempts
from controlpanel.mailboxes.models import DevicePassword, Mailbox
from tests.browser import demo
from tests.browser.conftest import Open
from tests.browser.test_every_page import faults, overflow
from tests.clientsetup.conftest import server_context
from tests.clientsetup.fake_pop3 import FakePop3, listening
from tests.programs import need
from tests.store.factories import open_session

SLOW = 15_000  # milliseconds


def owners() -> Mailbox:
    return Mailbox.objects.get(address_text=demo.OWNER)


def refuse(outcome: str) -> None:
    attempts([RefusedSignIn(owners().pk, "pop3", "203.0.113.7", outcome)])


def seen(page: Page) -> Locator:
    return page.get_by_role("status").locator(".seen")


def no_fault(page: Page) -> None:
    assert faults(page) == []
    assert overflow(page) <= 0


def test_from_the_first_page_to_a_client_that_is_seen_to_connect(open_page: Open) -> None:
    page = open_page("/", "owner", user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64)")
    page.get_by_role("link", name="Set-up").click()
    page.get_by_role("link", name="Thunderbird").click()
    page.get_by_role("button", name="Make the password").click()
    expect(page.get_by_role("heading", name="Password for Thunderbird")).to_be_visible()
    expect(seen(page)).to_contain_text("Waiting for your mail client")
    made = DevicePassword.objects.get(name="Thunderbird")
    refuse("tls_needed")
    expect(seen(page)).to_contain_text("without encryption and was refused", timeout=SLOW)
    refuse("wrong")
    expect(seen(page)).to_contain_text("with a wrong password", timeout=SLOW)
    no_fault(page)
    open_session(owners(), device_id=made.pk, device=made.name)
    expect(seen(page)).to_contain_text("It works: connected, encrypted", timeout=SLOW)
    expect(seen(page)).to_contain_text("203.0.113.7")
    no_fault(page)


@pytest.mark.torture
def test_every_value_is_copied_as_it_stands(open_page: Open) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/claws/", "owner", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Make the password").click()
    secret = page.locator("[data-secret]").inner_text()
    page.locator(".secret").get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("button", name="Copy Server address").click()
    assert re.fullmatch(r"localhost:\d+", page.evaluate("navigator.clipboard.readText()"))
    page.get_by_role("button", name="Copy as text").click()
    text = page.evaluate("navigator.clipboard.readText()")
    assert secret not in text
    assert "Claws Mail: mail for ana@papelera-norte.example" in text


def test_it_all_works_without_scripts(open_page: Open) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/?show=linux", "owner", java_script_enabled=False)
    page.get_by_role("link", name="KMail").click()
    page.get_by_role("button", name="Make the password").click()
    expect(page.locator("[data-secret]")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    page.get_by_role("link", name="Watch whether it connects").click()
    expect(page.locator(".seen")).to_contain_text("Waiting for your mail client")
    made = DevicePassword.objects.get(name="KMail")
    open_session(owners(), device_id=made.pk, device=made.name)
    expect(page.locator(".seen")).to_contain_text("It works: connected, encrypted", timeout=SLOW)


@pytest.mark.torture
def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/?show=all", "owner")
    page.get_by_role("link", name="Evolution").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Evolution", level=1)).to_be_visible()
    page.get_by_role("link", name="I already have it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("An account that exists is changed, not added again")).to_be_visible()
    page.get_by_role("button", name="Make the password").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-secret]")).to_be_visible()
    expect(page.get_by_role("heading", name="Change the account that exists")).to_be_visible()


def read_code(code: Locator, folder: Path) -> str:
    """What a camera reads from a code on the screen."""
    picture = folder / "code.png"
    code.screenshot(path=picture)
    done = subprocess.run([need("zbarimg"), "--quiet", "--raw", picture], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.torture
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_reads_the_profile_from_the_screen(open_page: Open, tmp_path: Path, scheme: str, site: str) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/iphone/", "owner", scheme=scheme)
    page.get_by_role("button", name="Show a code for the camera").click()
    no_fault(page)
    address = read_code(page.locator(".qr"), tmp_path)
    path = address.partition("/telephone/")[2]
    assert path
    telephone = open_page(f"/telephone/{path}", width=360)
    no_fault(telephone)
    with telephone.expect_download() as download:
        telephone.get_by_role("link", name="Download the profile").click()
    content = Path(download.value.path()).read_bytes()
    made = DevicePassword.objects.get(name="iPhone")
    assert b"EmailTypePOP" in content
    assert b"IncomingPassword" in content
    assert made.revoked is None


def test_thunderbird_for_android_reads_the_account(open_page: Open, tmp_path: Path) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/thunderbird-android/", "owner", scheme="dark")
    code = json.loads(read_code(page.locator(".qr"), tmp_path))
    assert code[0] == 1
    assert code[2][0] == 1, "POP3"
    assert demo.OWNER in code[2]


def test_the_owners_choice_reaches_the_guide(open_page: Open) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/kmail/", "owner")
    page.get_by_role("link", name="Choose otherwise").click()
    page.get_by_label("Leave it for some days, then remove it").check()
    page.get_by_label("Days", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#id_days_error")).to_have_text("Write for how many days.")
    page.get_by_label("Days", exact=True).fill("45")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#on-server")).to_contain_text("for 45 days")
    expect(page.get_by_role("heading", name="KMail", level=1)).to_be_visible()


@pytest.fixture
def pop3(settings: Any) -> Iterator[FakePop3]:
    messages = {f"id-{n}": f"Subject: letter {n}\r\n\r\n<b>body</b> {n}\r\n".encode() for n in range(1, 4)}
    with listening(FakePop3(server_context(trustme.CA(), "localhost"), messages)) as fake:
        settings.POP3_FROM_PANEL = f"127.0.0.1:{fake.port}"
        yield fake


def test_by_hand_over_pop3(open_page: Open, pop3: FakePop3) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/by-hand/", "owner")
    page.get_by_role("button", name="Open the mailbox").click()
    field, log = page.get_by_label("Command"), page.get_by_role("log")
    expect(field).to_be_focused()
    expect(page.locator("[aria-current=step]")).to_contain_text("TRANSACTION")
    page.keyboard.type("LIST")
    page.keyboard.press("Enter")
    expect(log).to_contain_text("3 36")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.keyboard.type("RETR 1")
    page.keyboard.press("Enter")
    expect(log).to_contain_text("<b>body</b> 1")
    page.keyboard.type("EXPLODE")
    page.keyboard.press("Enter")
    expect(log).to_contain_text("no command that works here")
    field.fill("")
    page.keyboard.type("DELE 2")
    page.keyboard.press("Enter")
    expect(log).to_contain_text("+OK marked")
    expect(log).to_contain_text("PASS ••••••••"), "what was said before is still there"
    no_fault(page)
    page.get_by_role("button", name="QUIT and remove 1 message").click()
    expect(log).to_contain_text("1 message was removed.")
    expect(page.locator("[aria-current=step]")).to_contain_text("UPDATE")
    assert list(pop3.messages) == ["id-1", "id-3"]
    page.get_by_role("button", name="Begin again").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("TRANSACTION")


@pytest.mark.torture
def test_by_hand_without_scripts_on_a_telephone(open_page: Open, pop3: FakePop3) -> None:
    page = open_page(f"/mail/{owners().pk}/setup/by-hand/", "owner", width=360, java_script_enabled=False)
    page.get_by_role("button", name="Open the mailbox").click()
    page.get_by_label("Command").fill("DELE 3")
    page.get_by_role("button", name="Say it").click()
    page.get_by_role("button", name="QUIT and remove 1 message").click()
    expect(page.get_by_text("1 message was removed.")).to_be_visible()
    assert list(pop3.messages) == ["id-1", "id-2"]


@pytest.mark.torture
def test_the_records_are_judged_as_the_page_loads(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {(demo.OFFICE, "MX"): ["10 old.example."], (f"_imap._tcp.{demo.OFFICE}", "SRV"): ["0 0 0 ."]}
    monkeypatch.setattr(lookups, "dns_lookup", lambda name, kind: known.get((name, kind), []))
    page = open_page(f"/domains/{demo.OFFICE}/dns/", "administrator")
    expect(page.get_by_text("Mail to the domain goes to another server.")).to_be_visible(timeout=SLOW)
    expect(page.locator("#records")).to_contain_text("1 of 10 is published")
    no_fault(page)


@pytest.mark.torture
def test_a_domain_shows_itself_in_its_own_name_and_colour(open_page: Open) -> None:
    page = open_page(f"/domains/{demo.OFFICE}/setup/", "administrator")
    page.get_by_label("Name of the service").fill("Papelera Norte")
    page.get_by_label("Colour", exact=True).fill("#ffcc00")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Open it").click()
    page.wait_for_url("**/help/**")
    for scheme, width in (("light", 1280), ("dark", 360)):
        anybody = open_page(f"/help/{demo.OFFICE}/es/?show=all", width=width, scheme=scheme)
        name = anybody.get_by_role("link", name="Papelera Norte")
        expect(name).to_be_visible()
        assert name.evaluate("element => getComputedStyle(element).color") != "rgb(11, 97, 100)"
        no_fault(anybody)
        anybody.get_by_role("link", name="Apple Mail").click()
        no_fault(anybody)
        anybody.get_by_role("link", name="English").click()
        expect(anybody.get_by_role("heading", name="Apple Mail", level=1)).to_be_visible()
        expect(anybody.locator("html")).to_have_attribute("lang", "en")


def test_a_check_says_what_it_met(open_page: Open, pop3: FakePop3, settings: Any) -> None:
    settings.PUBLIC_POP3_PORT = settings.PUBLIC_POP3S_PORT = pop3.port
    page = open_page(f"/mail/{owners().pk}/setup/check/", "owner", width=360)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("button", name="Check again")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("A device password opens the mailbox.")).to_be_visible()
    page.get_by_text("What was said").last.click()
    expect(page.get_by_text("PASS ••••••••")).to_be_visible()
    no_fault(page)
