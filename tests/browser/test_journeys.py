"""What people come for, done in a browser from the sign-in page to the end."""

import pytest
from playwright.sync_api import Page, expect

from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailstore.models import Message
from tests.browser import demo
from tests.browser.conftest import Open

OFFICE = demo.OFFICE


def sign_in(page: Page, address: str, password: str = demo.PASSWORD) -> None:
    page.get_by_label("Address").fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_an_administrator_makes_a_mailbox_with_a_local_part_and_enter(open_page: Open) -> None:
    page = open_page("/")
    sign_in(page, demo.ADMINISTRATOR)
    page.get_by_role("link", name="New mailbox").click()
    expect(page.get_by_label("Address", exact=True)).to_be_focused()
    page.keyboard.type("marina")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"marina@{OFFICE}")
    secret = page.locator("[data-secret]").inner_text()
    assert User.objects.get(address=f"marina@{OFFICE}").check_password(secret)
    page.get_by_role("link", name="To the mailbox").click()
    expect(page.locator("body")).not_to_contain_text(secret)


@pytest.mark.torture
def test_a_wrong_password_says_so_and_keeps_the_address(open_page: Open) -> None:
    page = open_page("/sign-in/")
    sign_in(page, demo.OWNER, "not this one")
    expect(page.get_by_role("alert")).to_have_text("The address or the password is wrong.")
    expect(page.get_by_label("Address")).to_have_value(demo.OWNER)


@pytest.mark.torture
def test_a_taken_address_is_said_beside_the_field(open_page: Open) -> None:
    page = open_page(f"/domains/{OFFICE}/mailboxes/new/", "administrator")
    page.get_by_label("Address", exact=True).fill("ana")
    page.get_by_label("Name of the person").fill("Ana Otra")
    page.get_by_label("Space").fill("1,5 GB")
    page.get_by_role("button", name="Create the mailbox").click()
    expect(page.get_by_label("Address", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_local_error")).to_have_text("This address is taken by a mailbox.")
    expect(page.get_by_label("Name of the person")).to_have_value("Ana Otra")
    expect(page.get_by_label("Space")).to_have_value("1,5 GB")


def test_a_mailbox_is_deleted_by_its_typed_address_and_comes_back(open_page: Open) -> None:
    box = Mailbox.objects.get(address_text=f"walter@{OFFICE}")
    page = open_page(f"/mailboxes/{box.pk}/delete/", "administrator")
    expect(page.get_by_text("897 messages, 77 MB")).to_be_visible()
    page.get_by_label("Type the address of the mailbox").fill("walter")
    page.get_by_role("button", name="Delete the mailbox").click()
    expect(page.locator(".errorlist")).to_contain_text(f"Type walter@{OFFICE}")
    page.get_by_label("Type the address of the mailbox").fill(f"walter@{OFFICE}")
    page.get_by_role("button", name="Delete the mailbox").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The mailbox is back, with everything in it.")).to_be_visible()
    box.refresh_from_db()
    assert box.state == "suspended"


@pytest.mark.torture
def test_several_mailboxes_are_suspended_at_once(open_page: Open) -> None:
    page = open_page(f"/domains/{OFFICE}/mailboxes/", "administrator")
    bar = page.locator(".selected")
    expect(bar).to_be_hidden()
    for local in ("compras", "info"):
        page.get_by_label(f"Select {local}@{OFFICE}").check()
    bar.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("2 mailboxes changed.")).to_be_visible()
    assert Mailbox.objects.filter(domain__name=OFFICE, state="suspended").count() == 3


def test_eleven_colleagues_get_mailboxes_and_a_slip_each(open_page: Open) -> None:
    page = open_page("/")
    sign_in(page, demo.ADMINISTRATOR)
    page.get_by_role("link", name="From a list").click()
    expect(page.get_by_label("People")).to_be_focused()
    people = ["Nadia Quiroga, nadia", "Tomás Ibáñez", *(f"Persona {number}, persona{number}" for number in range(9))]
    page.get_by_label("People").fill("\n".join(people))
    page.get_by_label("Space of each").fill("100 MB")
    page.get_by_role("button", name="Look first").click()
    expect(page.get_by_text("Tomás Ibáñez, tomas.ibanez")).to_be_visible()
    page.get_by_label("People").fill("\n".join([people[0], "Tomás Ibáñez, tomas.ibanez", *people[2:]]))
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("button", name="Create 11 mailboxes").click()
    expect(page.locator(".slip")).to_have_count(11)
    link = page.get_by_role("button", name=f"Copy the link of nadia@{OFFICE}").get_attribute("data-copy")
    assert link is not None
    guest = open_page(link)
    guest.get_by_label("Choose a password").fill("siete faroles sobre la ruta")
    guest.get_by_role("button", name="Set the password").click()
    sign_in(guest, f"nadia@{OFFICE}", "siete faroles sobre la ruta")
    expect(guest.get_by_role("heading", level=1)).to_contain_text(f"nadia@{OFFICE}")


def test_who_leaves_hands_over_and_comes_back(open_page: Open) -> None:
    box = owners_mailbox()
    page = open_page(f"/mailboxes/{box.pk}/", "administrator")
    page.get_by_role("link", name="Hand over").click()
    page.get_by_role("textbox", name="Who takes over").fill(f"compras@{OFFICE}")
    page.get_by_role("radio", name="Goes along").check()
    page.get_by_role("button", name="Hand the mailbox over").click()
    expect(page.get_by_text("10 messages were moved.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(demo.OWNER)


def test_an_operator_looks_as_an_owner_and_stops(open_page: Open) -> None:
    page = open_page(f"/mailboxes/{owners_mailbox().pk}/", "operator")
    page.get_by_role("button", name="Look as its owner").click()
    expect(page.get_by_text("10 messages wait. Only their owner sees them.")).to_be_visible()
    page.get_by_role("link", name="Devices").click()
    page.get_by_label("Which device").fill("Mine")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is changed while you look as an owner.")).to_be_visible()
    page.get_by_role("button", name="Stop looking").click()
    expect(page.get_by_role("button", name="Look as its owner")).to_be_visible()


def test_an_operator_makes_a_domain_with_its_administrator(open_page: Open) -> None:
    page = open_page("/domains/", "operator")
    page.get_by_role("link", name="New domain").click()
    expect(page.get_by_label("Domain", exact=True)).to_be_focused()
    page.keyboard.type("ñandú.example")
    page.get_by_label("Mailboxes at most").fill("10")
    page.get_by_label("Space for all mailboxes together").fill("25 GB")
    page.get_by_label("Address of the administrator").fill("sofia@elsewhere.example")
    page.get_by_role("button", name="Create the domain").click()
    secret = page.locator("[data-secret]").inner_text()
    domain = Domain.objects.get(name="xn--and-6ma2c.example")
    assert (domain.limit_mailboxes, domain.limit_octets) == (10, 25 * 2**30)
    assert domain.administrators.get().check_password(secret)
    page.get_by_role("link", name="To the domain").click()
    expect(page.get_by_role("heading", name="ñandú.example has no mailboxes yet")).to_be_visible()


def test_an_owner_restores_what_a_phone_removed(open_page: Open) -> None:
    page = open_page("/", "owner")
    page.get_by_role("link", name="3 removed messages").click()
    page.get_by_label("Select Planilla de turnos").check()
    page.get_by_role("button", name="Restore selected").click()
    expect(page.get_by_text("1 message (59.6 kB) is back")).to_be_visible()
    page.get_by_role("link", name="Mailbox", exact=True).click()
    expect(page.get_by_role("row", name="Planilla de turnos")).to_contain_text("not yet")


@pytest.mark.torture
def test_an_owner_deletes_a_removed_message_for_good(open_page: Open) -> None:
    page = open_page(f"/mail/{owners_mailbox().pk}/removed/", "owner")
    page.get_by_label("Select Planilla de turnos").check()
    page.get_by_role("button", name="Delete selected for good").click()
    expect(page.get_by_text("1 message is gone for good.")).to_be_visible()
    assert Message.objects.get(uidl="quitada1").gone_at is not None


def test_an_owner_gives_a_device_its_password_and_takes_it_back(open_page: Open) -> None:
    page = open_page(f"/mail/{owners_mailbox().pk}/devices/", "owner")
    page.get_by_label("Which device").fill("Tablet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Password for Tablet")).to_be_visible()
    page.get_by_role("button", name="Revoke Tablet").click()
    expect(page.get_by_text("Tablet can no longer fetch or send mail.")).to_be_visible()
    expect(page.get_by_role("row", name="Tablet")).to_have_count(0)


@pytest.mark.torture
def test_an_owner_ends_a_session(open_page: Open) -> None:
    page = open_page("/", "owner")
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_text("The session ends within a second.")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("ending")


def test_an_owner_changes_the_password_and_stays_signed_in(open_page: Open) -> None:
    page = open_page("/sign-in/")
    sign_in(page, demo.OWNER)
    expect(page.get_by_role("heading", level=1)).to_contain_text(demo.OWNER)
    page.goto("/account/password/")
    page.get_by_label("Present password").fill(demo.PASSWORD)
    page.get_by_label("New password").press_sequentially("ana1234567")
    expect(page.locator("#strength")).to_contain_text("It has your name or address in it.")
    page.get_by_label("New password").fill("trece bobinas verdes llegaron tarde")
    expect(page.locator("#strength")).to_contain_text("Hard to guess.")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The new password is in force")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(demo.OWNER)


def test_an_invitation_sets_a_password_once(open_page: Open) -> None:
    box = Mailbox.objects.get(address_text=f"lorena@{OFFICE}")
    page = open_page(f"/mailboxes/{box.pk}/", "administrator")
    page.get_by_role("button", name="Invitation link").click()
    link = page.locator("[data-secret]").inner_text()
    guest = open_page(link)
    guest.get_by_label("Choose a password").fill("siete faroles sobre la ruta")
    guest.get_by_role("button", name="Set the password").click()
    sign_in(guest, box.address_text, "siete faroles sobre la ruta")
    expect(guest.get_by_role("heading", level=1)).to_contain_text(box.address_text)
    assert User.objects.get(pk=box.user_id).check_password("siete faroles sobre la ruta")


@pytest.mark.torture
def test_search_from_anywhere_by_key(open_page: Open) -> None:
    page = open_page("/service/", "operator")
    page.keyboard.press("/")
    page.keyboard.type(f"rocio@{OFFICE}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"rocio@{OFFICE}")
    page.get_by_role("searchbox", name="Find an address").fill("villalba")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Showing 1–1 of 1")).to_be_visible()


@pytest.mark.torture
def test_a_list_answers_while_one_types(open_page: Open) -> None:
    page = open_page(f"/domains/{OFFICE}/mailboxes/", "administrator")
    field = page.get_by_role("searchbox", name="Find by address, name or note")
    field.press_sequentially("ro")
    expect(page.get_by_text("Showing 1–1 of 1", exact=True)).to_be_visible()
    expect(field).to_be_focused()
    field.press_sequentially("zz")
    expect(page.get_by_role("heading", name="Nothing found for “rozz”")).to_be_visible()
    assert "q=rozz" in page.url


@pytest.mark.torture
def test_copying_says_so(open_page: Open) -> None:
    page = open_page(f"/mail/{owners_mailbox().pk}/", "owner", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == demo.OWNER


@pytest.mark.torture
@pytest.mark.parametrize("role", ["operator", "administrator", "owner"])
def test_the_keyboard_alone_reaches_every_place(open_page: Open, role: str) -> None:
    page = open_page("/", role)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto(page.url.partition("#")[0])
    reached: list[str] = []
    for _step in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.tagName"))
        if reached[-1] == "BODY":
            break
    for place in page.locator("nav.rail a").all():
        assert place.get_attribute("href") in reached


@pytest.mark.torture
def test_menus_open_and_close_by_key(open_page: Open) -> None:
    page = open_page("/domains/", "operator")
    account = page.locator(".account > summary")
    account.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(account).to_be_focused()


def test_without_script_everything_still_works(open_page: Open) -> None:
    page = open_page("/sign-in/", java_script_enabled=False)
    sign_in(page, demo.ADMINISTRATOR)
    page.get_by_role("searchbox", name="Find by address, name or note").fill("ventas")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=f"ventas@{OFFICE}").click()
    page.locator("a.btn", has_text="Change").click()
    page.get_by_label("Space").fill("2 GB")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("702 MB of 2 GB")).to_be_visible()
    page.locator(".account > summary").click()
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator(".needs-script").first).to_be_hidden()


@pytest.mark.torture
def test_a_chosen_colour_holds_before_the_system_does(open_page: Open) -> None:
    page = open_page("/domains/", "operator", scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    page.locator(".account > summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(background) != light
    page.emulate_media(color_scheme="dark")
    page.locator(".account > summary").click()
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(background) == light


def test_passkeys_sign_in(open_page: Open) -> None:
    page = open_page("/sign-in/")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, demo.OWNER)
    expect(page.get_by_role("heading", level=1)).to_contain_text(demo.OWNER)
    page.goto("/account/second-factor/webauthn/add/")
    if page.get_by_role("heading", name="Show that it is you").is_visible():
        page.get_by_label("Password", exact=True).fill(demo.PASSWORD)
        page.keyboard.press("Enter")
    page.get_by_label("What you call it").fill("Llavero")
    page.get_by_label("It also signs in without the password").check()
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.locator(".account > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(demo.OWNER)


def owners_mailbox() -> Mailbox:
    return Mailbox.objects.get(address_text=demo.OWNER)
