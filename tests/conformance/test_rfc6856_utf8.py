"""RFC 6856: UTF8 and LANG."""

import re

import pytest
from maildrop import Maildrop, letter
from pop3_client import Pop3
from target import Target

utf8 = pytest.mark.announced("UTF8")
lang = pytest.mark.announced("LANG")
STATES = pytest.mark.parametrize("state", ["AUTHORIZATION", "TRANSACTION"])
HEADER = "X-Greeting: ¡Buenos días, señora Peña! 你好\r\n".encode()


def in_state(target: Target, state: str) -> Pop3:
    return target.ready() if state == "AUTHORIZATION" else target.login()


def in_utf8(maildrop: Maildrop) -> Pop3:
    """A session of this maildrop in UTF-8 mode."""
    session = maildrop.target.ready()
    if not session.command("UTF8").ok:
        pytest.skip("UTF8 is refused, as RFC 6856 §2.1 lets a server do")
    assert maildrop.target.sign_in(session, maildrop.account).ok
    return session


@pytest.fixture
def tags(target: Target) -> list[str]:
    """The language tags that LANG lists, in whichever state it lists them."""
    for session in (target.login(), target.ready()):
        if session.command("LANG").ok:
            return [line.partition(" ")[0] for line in session.wire.block().decode().split("\r\n")[:-1]]
    pytest.skip("the list of languages is refused, as RFC 6856 §3.3 lets a server do")


@pytest.mark.must("RFC 6856 §2")
def test_capability(target: Target) -> None:
    """UTF8 has no parameter but USER."""
    if "UTF8" not in target.capabilities:
        pytest.skip("not announced: UTF8")
    assert target.capabilities.by_tag["UTF8"] in ([], ["USER"])


@pytest.mark.must("RFC 6856 §2")
@utf8
def test_utf8_then_login(maildrop: Maildrop) -> None:
    """After UTF8 a login succeeds and the session works as before."""
    session = in_utf8(maildrop)
    assert session.stat() == (0, 0)
    session.quit()


@pytest.mark.must("RFC 6856 §2")
@utf8
def test_utf8_after_login(target: Target) -> None:
    """UTF8 is refused in TRANSACTION state."""
    target.login().refused("UTF8")


@pytest.mark.must("RFC 6856 §2.1")
@utf8
@pytest.mark.parametrize("command", ["UTF8 USER", "UTF8 1"])
def test_utf8_with_an_argument(target: Target, command: str) -> None:
    """UTF8 takes no argument."""
    target.ready().refused(command)


@pytest.mark.must("RFC 6856 §2.1")
@utf8
def test_message_in_utf8_mode(maildrop: Maildrop) -> None:
    """In UTF-8 mode a message with UTF-8 in its header comes as it is, and LIST gives its size."""
    message = letter("Año.\r\n".encode(), HEADER)
    maildrop.deliver(message)
    session = in_utf8(maildrop)
    received = session.retr(1)
    assert received.endswith(message)
    assert session.sizes() == {1: len(received)}


@pytest.mark.must("RFC 6856 §2.1")
@utf8
@pytest.mark.parametrize("command", ["RETR 1", "TOP 1 0"])
def test_message_without_utf8_mode(maildrop: Maildrop, command: str) -> None:
    """Without UTF-8 mode a UTF-8 header is not sent as it is: RETR and TOP refuse, or send a surrogate."""
    session = maildrop.holding(letter(b"Body.\r\n", HEADER))
    reply = session.command(command)
    if reply.ok:
        header = session.wire.block().partition(b"\r\n\r\n")[0]
        assert header.isascii()
    else:
        assert "RESP-CODES" not in maildrop.target.capabilities or reply.code == "UTF8"


@pytest.mark.should("RFC 6856 §2.1")
@utf8
def test_sizes_without_utf8_mode(maildrop: Maildrop) -> None:
    """Without UTF-8 mode, too, LIST gives the octets that RETR sends."""
    session = maildrop.holding(letter(b"Body.\r\n", HEADER))
    listed = session.command("LIST 1")
    if not listed.ok:
        pytest.skip("LIST of such a message is refused")
    assert int(listed.text.split(b" ")[1]) == len(session.retr(1))


@pytest.mark.must("RFC 6856 §2.1")
@utf8
def test_ascii_message_is_the_same(maildrop: Maildrop) -> None:
    """UTF-8 mode has no effect on a message in ASCII."""
    session = maildrop.holding(letter())
    before = session.sizes(), session.everything()
    session.quit()
    session = in_utf8(maildrop)
    assert (session.sizes(), session.everything()) == before


@pytest.mark.must("RFC 6856 §2.2")
@pytest.mark.announced("UTF8 USER")
def test_utf8_credentials(target: Target) -> None:
    """With UTF8 USER announced, a name and a password in UTF-8 sign in, also before the UTF8 command."""
    if target.utf8 is None:
        pytest.skip("needs --utf8-user")
    for command in ("NOOP", "UTF8"):
        session = target.ready()
        session.command(command)
        assert target.sign_in(session, target.utf8).ok
        session.quit()


@pytest.mark.must("RFC 6856 §2.2")
@pytest.mark.announced("UTF8 USER", "USER")
@pytest.mark.parametrize(
    "octets",
    [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"],
    ids=["0xFF", "overlong", "surrogate", "too large"],
)
def test_malformed_utf8(target: Target, octets: bytes) -> None:
    """A password that is not well-formed UTF-8 is refused, and the session goes on or ends in order."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.refused(b"PASS " + octets)
    session.refused_or_closed("STAT")


@pytest.mark.must("RFC 6856 §3.2")
@lang
@STATES
def test_languages(target: Target, state: str) -> None:
    """LANG alone lists language tags, each perhaps with a name in its own language; or is refused."""
    session = in_state(target, state)
    if not session.command("LANG").ok:
        pytest.skip("the list of languages is refused, as RFC 6856 §3.3 lets a server do")
    for line in session.wire.block().decode().split("\r\n")[:-1]:
        assert re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*( \S.*)?", line), line
    session.quit()


@pytest.mark.must("RFC 6856 §3.2")
@lang
@STATES
def test_each_language(target: Target, tags: list[str], state: str) -> None:
    """Each language in the list can be chosen in either state and any case, and the reply begins with its tag."""
    session = in_state(target, state)
    for tag in tags:
        for chosen in (tag, tag.upper(), tag.lower()):
            text = session.accepted(f"LANG {chosen}").text.decode()
            assert re.match(rf"{re.escape(tag)}( |$)", text, re.IGNORECASE), text


@pytest.mark.must("RFC 6856 §3.2")
@lang
@STATES
@pytest.mark.parametrize("tag", ["MUL", "xx-none", "tlh"])
def test_unknown_language(target: Target, state: str, tag: str) -> None:
    """A language that the server does not have is refused, and replies stay in the language they had."""
    session = in_state(target, state)
    before = str(session.refused("NOSUCH"))
    session.refused(f"LANG {tag}")
    assert str(session.refused("NOSUCH")) == before


@pytest.mark.must("RFC 6856 §3.2")
@lang
def test_preferred_language(target: Target, tags: list[str]) -> None:
    """LANG * chooses a language, and the reply names it."""
    chosen = target.login().accepted("LANG *").text.decode().split(" ")[0]
    assert chosen.lower() in [tag.lower() for tag in tags]


@pytest.mark.must("RFC 6856 §3.2")
@lang
def test_replies_change_language(target: Target, tags: list[str]) -> None:
    """After LANG the text of refusals is in the language chosen: another than before, and in UTF-8."""
    session = target.login()
    texts = {}
    for tag in tags:
        if tag.lower() != "i-default":
            session.accepted(f"LANG {tag}")
            texts[tag] = session.refused("RETR 999999").text.decode()
    if len(texts) < 2:
        pytest.skip("not announced: a second language")
    assert len(set(texts.values())) == len(texts), texts
