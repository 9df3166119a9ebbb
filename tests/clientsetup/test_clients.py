"""The guides of the set-up page: the values in each client's order, its true default, and the second path."""

from dataclasses import replace

import pytest

from controlpanel.clientsetup.client_facts import Client, Deletes, Quickest
from controlpanel.clientsetup.clients import RECEIVES_ONLY, SENDS_TOO, TABLE, Guide, guide, guides
from controlpanel.clientsetup.in_words import in_words
from controlpanel.clientsetup.service import KEEP_ALWAYS, REMOVE, Person, Retention, Server
from tests.clientsetup.examples import ANA, RECEIVE_ONLY, SERVICE, STLS_ONLY

EVERY = list(Client)


def values(of: Guide, screen: int) -> list[str]:
    return [str(field.value) for field in of.screens[screen].fields]


def test_every_client_has_a_guide_and_another_program_comes_last() -> None:
    assert {one.client for one in guides(SERVICE)} == set(Client)
    assert guides(SERVICE)[-1].client is Client.OTHER


def test_thunderbird_asks_for_the_incoming_server_in_its_order() -> None:
    found = guide(Client.THUNDERBIRD, SERVICE, ANA)
    assert values(found, 0) == ["Ana Núñez", "ana@example.test"]
    password = "the password made for this mail client"
    assert values(found, 1) == [
        "POP3",
        "pop.example.net",
        "995",
        "SSL/TLS",
        "Normal password",
        "ana@example.test",
        password,
    ]
    assert values(found, 2) == ["smtp.example.net", "465", "SSL/TLS", "Normal password", "ana@example.test"]


def test_kmail_asks_for_the_protocol_after_the_server() -> None:
    assert values(guide(Client.KMAIL, SERVICE, ANA), 0)[:4] == ["pop.example.net", "POP3", "995", "SSL/TLS"]


def test_outlook_is_told_to_leave_spa_off() -> None:
    assert values(guide(Client.OUTLOOK_CLASSIC, SERVICE, ANA), 1) == ["pop.example.net", "995", "SSL/TLS", "off"]


def test_claws_takes_host_and_port_in_one_field_and_has_its_own_words() -> None:
    assert values(guide(Client.CLAWS, STLS_ONLY, ANA), 1)[1:] == [
        "pop.example.net:110",
        "ana@example.test",
        "the password made for this mail client",
        "Use STARTTLS",
    ]


def test_another_program_is_told_the_mechanisms() -> None:
    assert "PLAIN, LOGIN, SCRAM-SHA-256" in values(guide(Client.OTHER, SERVICE, ANA), 1)


@pytest.mark.parametrize(
    ("client", "deletes", "days"),
    [
        (Client.THUNDERBIRD, Deletes.AFTER_DAYS, 14),
        (Client.CLAWS, Deletes.AFTER_DAYS, 7),
        (Client.KMAIL, Deletes.AT_ONCE, None),
        (Client.EVOLUTION, Deletes.NEVER, None),
        (Client.IPHONE, Deletes.NEVER, None),
        (Client.THUNDERBIRD_ANDROID, Deletes.NEVER, None),
        (Client.OUTLOOK_CLASSIC, Deletes.VARIES, None),
        (Client.OUTLOOK_NEW, Deletes.VARIES, None),
        (Client.APPLE_MAIL, Deletes.VARIES, None),
        (Client.OTHER, Deletes.VARIES, None),
    ],
)
def test_each_default_about_deleting_is_the_clients_own(client: Client, deletes: Deletes, days: int | None) -> None:
    facts = TABLE[client]
    assert (facts.deletes, facts.default_days) == (deletes, days)
    if days is not None:
        assert f"{days} days" in str(facts.default)


@pytest.mark.parametrize("client", EVERY)
def test_each_client_is_told_what_to_set_for_each_wish(client: Client) -> None:
    wishes = [KEEP_ALWAYS, Retention(days=23), REMOVE]
    settings = [str(guide(client, replace(SERVICE, retention=wish)).setting) for wish in wishes]
    assert len(set(settings)) == 3
    assert "23" in settings[1]
    assert not any("{" in setting for setting in settings)


@pytest.mark.parametrize(
    ("client", "retention", "to_set"),
    [
        (Client.THUNDERBIRD, KEEP_ALWAYS, False),  # the configuration file says it
        (Client.EVOLUTION, KEEP_ALWAYS, False),
        (Client.IPHONE, KEEP_ALWAYS, False),
        (Client.EVOLUTION, REMOVE, True),
        (Client.KMAIL, KEEP_ALWAYS, True),
        (Client.KMAIL, REMOVE, False),
        (Client.CLAWS, Retention(days=7), False),
        (Client.CLAWS, Retention(days=8), True),
        (Client.CLAWS, KEEP_ALWAYS, True),
        (Client.OUTLOOK_NEW, REMOVE, True),
    ],
)
def test_nothing_has_to_be_set_where_the_default_is_what_the_domain_wants(
    client: Client, retention: Retention, to_set: bool
) -> None:
    assert guide(client, replace(SERVICE, retention=retention)).to_set is to_set


@pytest.mark.parametrize(
    ("own", "published", "to_set"),
    [
        (Retention(days=30), KEEP_ALWAYS, True),
        (KEEP_ALWAYS, Retention(days=14), True),
        (REMOVE, KEEP_ALWAYS, True),
        (Retention(days=30), Retention(days=30), False),
    ],
)
def test_what_an_owner_chose_otherwise_is_in_no_public_file_and_has_to_be_set(
    own: Retention, published: Retention, to_set: bool
) -> None:
    found = guide(Client.THUNDERBIRD, replace(SERVICE, retention=own), ANA, published=published)
    assert found.to_set is to_set
    assert found.to_set_by_hand is not to_set
    assert str(found.setting) in in_words(found, SERVICE, ANA, existing=False)


@pytest.mark.parametrize(
    ("client", "retention", "by_hand"),
    [
        (Client.THUNDERBIRD, Retention(days=14), False),  # its own default
        (Client.THUNDERBIRD, KEEP_ALWAYS, True),
        (Client.EVOLUTION, KEEP_ALWAYS, False),
        (Client.KMAIL, KEEP_ALWAYS, False),  # has to be set either way
    ],
)
def test_what_only_the_quickest_way_sets_is_told_for_an_account_set_up_by_hand(
    client: Client, retention: Retention, by_hand: bool
) -> None:
    assert guide(client, replace(SERVICE, retention=retention)).to_set_by_hand is by_hand


@pytest.mark.parametrize("client", EVERY)
def test_an_account_that_exists_is_always_told_what_to_set(client: Client) -> None:
    found = guide(client, SERVICE, ANA)
    assert str(found.setting) in in_words(found, SERVICE, ANA, existing=True)


@pytest.mark.parametrize("client", EVERY)
@pytest.mark.parametrize("person", [ANA, None])
def test_where_there_is_a_server_to_send_by_every_client_is_told_its_values(
    client: Client, person: Person | None
) -> None:
    found = guide(client, SERVICE, person)
    shown = [str(field.value) for screen in found.screens for field in screen.fields]
    assert {"smtp.example.net", "smtp.example.net:465"}.intersection(shown)
    assert SENDS_TOO in found.caveats
    assert RECEIVES_ONLY not in found.caveats
    assert "465" in " ".join(shown)
    assert "smtp.example.net" in in_words(found, SERVICE, person, existing=True)


@pytest.mark.parametrize("client", EVERY)
def test_an_account_that_exists_changes_servers_user_and_password_alone(client: Client) -> None:
    found = guide(client, SERVICE, ANA)
    assert found.existing
    incoming, outgoing = (
        [str(field.value) for field in screen.fields if not field.secret] for screen in found.existing_screens
    )
    assert (incoming[:2], incoming[-1]) == (["pop.example.net", "995"], "ana@example.test")
    assert (outgoing[:2], outgoing[-1]) == (["smtp.example.net", "465"], "ana@example.test")
    assert all(sum(field.secret for field in screen.fields) == 1 for screen in found.existing_screens)


@pytest.mark.parametrize("client", EVERY)
def test_a_service_that_only_receives_shows_no_outgoing_server(client: Client) -> None:
    found = guide(client, RECEIVE_ONLY, ANA)
    assert RECEIVES_ONLY in found.caveats
    shown = [str(field.value) for screen in (*found.screens, *found.existing_screens) for field in screen.fields]
    assert not {"587", "pop.example.net:587"}.intersection(shown)
    assert {"pop.example.net", "pop.example.net:995"}.intersection(shown)
    assert len(found.existing_screens) == 1


@pytest.mark.parametrize("client", EVERY)
def test_hosts_ports_and_addresses_can_be_copied_and_choices_cannot(client: Client) -> None:
    fields = [field for screen in guide(client, SERVICE, ANA).screens for field in screen.fields]
    copied = {str(field.value) for field in fields if field.copy}
    assert copied <= {"Ana Núñez", "ana@example.test", "pop.example.net", "995", "pop.example.net:995"} | {
        "smtp.example.net",
        "465",
        "smtp.example.net:465",
    }
    assert "ana@example.test" in copied
    assert not any(field.copy and field.secret for field in fields)


def test_the_public_page_copies_no_stand_in() -> None:
    fields = [field for one in guides(SERVICE) for screen in one.screens for field in screen.fields]
    assert not any(
        field.copy for field in fields if str(field.value) in ("the whole address", "the name that others see")
    )
    assert any(str(field.value) == "the whole address" for field in fields)


def test_kmail_is_not_sent_to_a_port_that_it_cannot_type() -> None:
    high = replace(SERVICE, pop3s=Server("pop.example.net", 1995))
    assert any("999" in str(text) and "1995" in str(text) for text in guide(Client.KMAIL, high).caveats)
    assert not any("999" in str(text) for text in guide(Client.KMAIL, SERVICE).caveats)


def test_what_sending_takes_is_said_where_there_is_a_server_to_send_by() -> None:
    assert SENDS_TOO in guide(Client.OTHER, SERVICE).caveats
    assert SENDS_TOO not in guide(Client.OTHER, RECEIVE_ONLY).caveats


def test_the_quickest_way_is_the_one_that_works_for_pop3() -> None:
    ways = {client: TABLE[client].quickest for client in Client}
    assert ways[Client.THUNDERBIRD_ANDROID] is Quickest.QR  # it takes no POP3 from a configuration file
    assert ways[Client.IPHONE] is ways[Client.APPLE_MAIL] is Quickest.PROFILE
    assert ways[Client.CLAWS] is Quickest.SRV
    assert ways[Client.OUTLOOK_NEW] is ways[Client.OUTLOOK_CLASSIC] is Quickest.BY_HAND


@pytest.mark.parametrize("client", EVERY)
def test_every_text_says_something(client: Client) -> None:
    found = guide(client, SERVICE)
    texts = [found.name, found.default, found.setting, *found.steps, *found.existing, *found.caveats]
    assert all(str(text).strip() for text in texts)
    assert len(found.steps) >= 2
