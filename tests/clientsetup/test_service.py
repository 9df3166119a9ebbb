"""The description refuses what no client could use, and says why."""

import pytest
from hypothesis import given

from controlpanel.clientsetup.service import (
    DescriptionError,
    Person,
    Retention,
    Security,
    Server,
    ServiceDescription,
    ascii_host,
    one_line,
    split_address,
    web_address,
)
from tests.clientsetup.examples import RECEIVE_ONLY, SERVICE, STLS_ONLY, hosts, names


@pytest.mark.parametrize(
    ("given_name", "host"),
    [
        ("Mail.Example.TEST.", "mail.example.test"),
        ("correo.ñandú.example", "correo.xn--and-6ma2c.example"),
        ("XN--AND-6MA2C.example", "xn--and-6ma2c.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("localhost", "localhost"),
    ],
)
def test_host_names_are_kept_as_a_labels(given_name: str, host: str) -> None:
    assert ascii_host(given_name) == host


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "a..b", "-a.test", "a-.test", "a_b.test", "a b.test", "a@b.test", "a/b", "a.test:995", "[::1]"),
        *(
            "x" * 64 + ".test",
            ".".join(["a" * 60] * 5),
            "192.0.2.1",
            "xn--a.example",
            "\u200dab.example",
            "a\x00b",
            "ma\nil.test",
        ),
    ],
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(DescriptionError):
        ascii_host(name)


@given(hosts)
def test_an_a_label_stays_as_it_is(name: str) -> None:
    host = ascii_host(name)
    assert host.isascii()
    assert ascii_host(host) == host


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_is_from_1_to_65535(port: int) -> None:
    with pytest.raises(DescriptionError, match="65535"):
        Server("mail.example.test", port)


@pytest.mark.parametrize(("leave", "days"), [(True, 0), (True, 3651), (False, 3)])
def test_a_retention_is_for_ever_some_days_or_not_at_all(leave: bool, days: int) -> None:
    with pytest.raises(DescriptionError):
        Retention(leave_on_server=leave, days=days)


@pytest.mark.parametrize(
    "changes",
    [
        {"pop3s": None, "pop3": None},
        {"pop3s": Server("a.test", 995, Security.STARTTLS)},
        {"pop3": Server("a.test", 110)},
        {"name": ""},
        {"name": "x" * 61},
        {"short_name": "x" * 21},
        {"name": "Mail\nservice"},
        {"name": "Mail\x00service"},
        {"name": "Mail of %EMAILDOMAIN%"},
        {"short_name": "%REALNAME%"},
        {"domain": "example .test"},
        {"mx_domain": "a..test"},
        {"documentation": {"en": "javascript:alert(1)"}},
        {"documentation": {"de": "https://example.test/"}},
    ],
)
def test_a_description_that_clients_could_not_use_is_refused(changes: dict[str, object]) -> None:
    fields = {name: getattr(SERVICE, name) for name in SERVICE.__slots__}
    with pytest.raises(DescriptionError):
        ServiceDescription(**{**fields, **changes})  # type: ignore[arg-type]


def test_names_may_have_60_and_20_characters() -> None:
    service = ServiceDescription(domain="a.test", name="ñ" * 60, short_name="ñ" * 20, pop3s=Server("a.test", 995))
    assert (len(service.name), len(service.short_name)) == (60, 20)


def test_tls_from_the_first_byte_comes_first() -> None:
    assert [server.port for server in SERVICE.incoming] == [995, 110]
    assert [server.port for server in STLS_ONLY.incoming] == [110]


def test_a_service_that_only_receives_stands_in_with_its_own_host() -> None:
    assert RECEIVE_ONLY.submission == Server("pop.example.net", 587, Security.STARTTLS)
    assert SERVICE.submission == SERVICE.outgoing


def test_a_person_has_an_address_in_a_label_form_and_a_name() -> None:
    person = Person("Ana@ÑANDÚ.example", "  Ana Núñez ", "17")
    assert (person.address, person.local_part, person.domain) == (
        "Ana@xn--and-6ma2c.example",
        "Ana",
        "xn--and-6ma2c.example",
    )
    assert person.name == "Ana Núñez"
    assert Person("ana@a.test", " ", "17").name == "ana@a.test"


@pytest.mark.parametrize(
    "address",
    [
        *("", "ana", "@a.test", "ana@", "a b@a.test", "a@b@c.test", "ana\n@a.test", '"ana"@a.test', "a\x00@a.test"),
        *("<a>@a.test", "ana@-a.test", "ana@a b", "x" * 65 + "@a.test"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(DescriptionError):
        split_address(address)


@pytest.mark.parametrize("mailbox_id", ["", "a b", "a.b", "../x", "x" * 65])
def test_a_mailbox_id_fits_an_identifier(mailbox_id: str) -> None:
    with pytest.raises(DescriptionError):
        Person("ana@a.test", "Ana", mailbox_id)


@given(names(60))
def test_a_name_is_one_line_and_the_same_again(name: str) -> None:
    line = one_line(name, 120, "A name")
    assert line.splitlines() == [line]
    assert one_line(line, 120, "A name") == line


@pytest.mark.parametrize(
    "url", ["", "/help", "ftp://a.test/", "https://", "https://a.test/a b", "https://a.test/ñ", "http:a"]
)
def test_documentation_has_a_whole_web_address(url: str) -> None:
    with pytest.raises(DescriptionError):
        web_address(url)


def test_errors_name_what_was_given() -> None:
    with pytest.raises(DescriptionError, match=r"'a\.\.b' is not a host name"):
        ascii_host("a..b")
