"""The QR codes, decoded from the very picture by zbar, and read as Thunderbird for Android reads them."""

import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.clientsetup.qr import svg, thunderbird_account
from controlpanel.clientsetup.service import NotExpressibleError, Person, ServiceDescription
from tests.clientsetup.examples import ANA, RECEIVE_ONLY, SERVICE, STLS_ONLY, people, services
from tests.clientsetup.xml_readers import HOST
from tests.programs import need

SVG = "{http://www.w3.org/2000/svg}"


def android(payload: str) -> dict[str, list]:
    """Read a payload as QrCodePayloadAdapter and QrCodePayloadValidator do, and a writer's rules beside them."""
    assert payload.isascii()
    version, misc, incoming, groups, *more = json.loads(payload)
    assert (version, misc, more) == (1, [1, 1], [])
    protocol, *server = incoming
    assert protocol in (0, 1)
    checked_server(server)
    assert groups
    for (kind, *outgoing), *identities in groups:
        assert kind == 0
        checked_server(outgoing)
        assert identities
        for address, name in identities:
            assert address.isascii()
            assert address.count("@") == 1
            assert name.splitlines() == [name]
    return {"incoming": incoming, "groups": groups}


def checked_server(server: list) -> None:
    host, port, security, authentication, user = server  # no account name, no password
    assert host.isascii()
    assert HOST.fullmatch(host)
    assert 1 <= port <= 65535
    assert security in (0, 2, 3)
    assert authentication in range(7)
    assert user.splitlines() == [user]


def test_the_account_is_pop3_by_tls_with_the_address_as_user() -> None:
    assert json.loads(thunderbird_account(SERVICE, ANA)) == [
        1,
        [1, 1],
        [1, "pop.example.net", 995, 3, 1, "ana@example.test"],
        [[[0, "smtp.example.net", 465, 3, 1, "ana@example.test"], ["ana@example.test", "Ana Núñez"]]],
    ]


def test_starttls_has_its_own_number() -> None:
    code = android(thunderbird_account(STLS_ONLY, ANA))
    assert code["incoming"][:4] == [1, "pop.example.net", 110, 2]
    assert code["groups"][0][0][:4] == [0, "smtp.example.net", 587, 2]


def test_a_service_that_only_receives_still_has_the_group_that_readers_require() -> None:
    assert android(thunderbird_account(RECEIVE_ONLY, ANA))["groups"][0][0][1] == "pop.example.net"


def test_an_address_outside_ascii_is_refused() -> None:
    with pytest.raises(NotExpressibleError, match="ASCII"):
        thunderbird_account(SERVICE, Person("ñandú@example.test", "Ñandú", "17"))


@given(services(), people)
def test_every_description_is_read_back(service: ServiceDescription, person: Person) -> None:
    code = android(thunderbird_account(service, person))
    assert code["groups"][0][1] == [person.address, person.name]


# The picture


def modules(picture: str) -> list[list[bool]]:
    """Return the dark modules of a picture by walking its path of horizontal strokes, as a browser would draw them."""
    root = ET.fromstring(picture)
    size = int(root.get("viewBox", "").split()[2])
    grid = [[False] * size for _ in range(size)]
    stroke = next(path for path in root.findall(f"{SVG}path") if path.get("stroke"))
    x = y = 0.0
    for command, arguments in re.findall(r"([Mmh])([^Mmh]*)", stroke.get("d", "")):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", arguments)]
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            for column in range(int(x), int(x + numbers[0])):
                grid[int(y)][column] = True
            x += numbers[0]
    return grid


def scanned(picture: str, folder: Path) -> str:
    zbarimg = need("zbarimg")
    grid, scale = modules(picture), 4
    rows = [bytes(0 if dark else 255 for dark in row for _ in range(scale)) for row in grid for _ in range(scale)]
    path = folder / "code.pgm"
    path.write_bytes(b"P5 %d %d 255\n" % (len(grid) * scale, len(grid) * scale) + b"".join(rows))
    done = subprocess.run(
        [zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path], capture_output=True, check=True
    )
    return done.stdout.decode("utf-8").removesuffix("\n")


@pytest.mark.parametrize(
    "content",
    [
        thunderbird_account(SERVICE, ANA),
        thunderbird_account(SERVICE, Person("ana@example.test", "Ana «la Ñandú» Núñez 邮", "17")),
        "https://panel.example.net/profile/17?token=abc&lang=es",
        "Contraseña de Núñez: 邮 🐌",
        thunderbird_account(SERVICE, Person("a" * 64 + "@" + ".".join(["b" * 62] * 3), "Ñ" * 100, "17")),
    ],
    ids=["account", "account with a name outside Latin", "web address", "text outside ASCII", "as long as can be"],
)
def test_a_scanner_reads_the_picture(content: str, tmp_path: Path) -> None:
    assert scanned(svg(content, "Código"), tmp_path) == content


def test_the_picture_has_a_title_and_no_style() -> None:
    picture = svg("https://a.test/", 'Cuenta de "ana" <&>')
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == 'Cuenta de "ana" <&>'
    for element in root.iter():
        assert "style" not in element.attrib
        assert element.tag != f"{SVG}style"


def test_the_picture_has_its_quiet_zone_of_four_modules() -> None:
    grid = modules(svg("https://a.test/", "x"))
    edges = [*grid[:4], *grid[-4:], *(list(row[:4]) + list(row[-4:]) for row in grid)]
    assert not any(any(edge) for edge in edges)
    assert grid[4][4]


def test_too_much_text_is_refused() -> None:
    with pytest.raises(NotExpressibleError):
        svg("x" * 2954, "x")


@given(st.text(min_size=1, max_size=40), st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
def test_any_text_and_title_make_well_formed_svg(content: str, title: str) -> None:
    try:
        ET.fromstring(svg(content, title))
    except (UnicodeEncodeError, ET.ParseError):
        assert any(ord(char) & 0xFFFE == 0xFFFE or 0xD800 <= ord(char) < 0xE000 for char in content + title)
