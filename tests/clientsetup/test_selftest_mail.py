"""The check logs in as a client would, and says in words where a client would stumble. Real sockets, a small server."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from controlpanel.clientsetup.selftest import certificates, mail, pop3
from controlpanel.clientsetup.selftest.findings import Report, Verdict
from controlpanel.clientsetup.selftest.mail import SignIn, check_server
from controlpanel.clientsetup.selftest.pop3 import readable
from controlpanel.clientsetup.service import Security, Server
from tests.clientsetup.conftest import server_context
from tests.clientsetup.fake_pop3 import FakePop3, listening

HOST = "mail.example.org"
ANA = SignIn("ana@example.org", "abcd-efgh")
Serve = Callable[..., FakePop3]


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """Start a server: `serve(tls=True, names=("mail.example.org",))`."""
    with ExitStack() as running:

        def start(names: tuple[str, ...] = (HOST,), issue: dict[str, Any] | None = None, **how: Any) -> FakePop3:
            ca = how.pop("authority", authority)
            fake = FakePop3(server_context(ca, *names, **(issue or {})), messages={"a": b"x\r\n", "b": b"y\r\n"}, **how)
            return running.enter_context(listening(fake))

        yield start


def check(fake: FakePop3, host: str = HOST, sign_in: SignIn | None = ANA) -> Report:
    security = Security.TLS if fake.tls else Security.STARTTLS
    return check_server(Server(host, fake.port, security), ["127.0.0.1"], sign_in)


def verdicts(report: Report) -> list[tuple[str, str]]:
    return [(finding.what, finding.verdict.value) for finding in report.findings]


def said(report: Report) -> str:
    return " ".join(finding.words for finding in report.findings)


GOOD = [("TCP", "ok"), ("TLSv1.3", "ok"), ("CAPA", "ok"), ("PASS", "ok"), ("STAT", "ok")]


@pytest.mark.parametrize("tls", [True, False])
def test_all_is_well(trusted: None, serve: Serve, tls: bool) -> None:
    fake = serve(tls=tls)
    report = check(fake)
    assert verdicts(report) == GOOD
    assert "2 messages wait." in said(report)
    assert fake.heard == [*([] if tls else ["STLS"]), "CAPA", "USER ana@example.org", "PASS abcd-efgh", "STAT", "QUIT"]


def test_the_password_is_in_nothing_that_is_shown(trusted: None, serve: Serve) -> None:
    report = check(serve(tls=True))
    assert ANA.secret not in repr(report)
    assert ANA.secret not in repr(ANA)
    assert [line.text for line in report.dialogue if line.ours][:3] == ["CAPA", "USER ana@example.org", "PASS ••••••••"]


def test_without_a_sign_in_nobody_logs_in(trusted: None, serve: Serve) -> None:
    fake = serve(tls=True)
    assert verdicts(check(fake, sign_in=None)) == GOOD[:3]
    assert fake.heard == ["CAPA", "QUIT"]


def test_another_name_in_the_certificate(trusted: None, serve: Serve) -> None:
    report = check(serve(tls=True, names=("other.example.org",)))
    assert verdicts(report)[1] == ("TLSv1.3", "wrong")
    assert "for other.example.org, not for mail.example.org" in said(report)


def test_a_certificate_that_has_ended(trusted: None, serve: Serve) -> None:
    ended = datetime.now(UTC) - timedelta(days=2)
    issue = {"not_before": ended - timedelta(days=90), "not_after": ended}
    report = check(serve(tls=False, issue=issue))
    assert f"has ended on {ended:%Y-%m-%d}" in said(report)


def test_a_certificate_that_ends_soon(trusted: None, serve: Serve) -> None:
    ends = datetime.now(UTC) + timedelta(days=3, hours=1)
    report = check(serve(tls=True, issue={"not_after": ends}))
    assert verdicts(report)[1] == ("TLSv1.3", "attention")
    assert "3 more days" in said(report)


def test_an_authority_that_nobody_knows(trusted: None, serve: Serve) -> None:
    report = check(serve(tls=True, authority=trustme.CA()))
    assert verdicts(report)[1] == ("TLSv1.3", "wrong")
    assert "Nobody whom mail clients trust" in said(report)


def test_no_password_goes_over_a_line_that_a_client_would_not_trust(
    trusted: None, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On loopback the line goes nowhere; anywhere else the check stops where a client stops."""
    fake = serve(tls=True, names=("other.example.org",))
    assert verdicts(check(fake))[-1] == ("STAT", "ok")
    fake.heard.clear()
    monkeypatch.setattr(mail.ipaddress, "ip_address", lambda _text: type("Elsewhere", (), {"is_loopback": False}))
    assert verdicts(check(fake)) == [("TCP", "ok"), ("TLSv1.3", "wrong")]
    assert fake.heard == []


def test_a_refused_sign_in_says_why(trusted: None, serve: Serve) -> None:
    report = check(serve(tls=True, refuses="-ERR [SYS/PERM] POP3 is turned off for this mailbox."))
    assert verdicts(report)[-1] == ("PASS", "wrong")
    assert "[SYS/PERM] POP3 is turned off for this mailbox." in said(report)


def test_capabilities_that_clients_need(trusted: None, serve: Serve) -> None:
    report = check(serve(tls=True, capabilities=("USER", "TOP")))
    assert ("CAPA", "wrong") in verdicts(report)
    assert "Not offered: UIDL, SASL" in said(report)


@pytest.mark.parametrize("command", ["CAPA", "PASS", "STAT", "QUIT"])
def test_a_server_that_stops_in_the_middle(trusted: None, serve: Serve, command: str) -> None:
    report = check(serve(tls=True, cut_at=command))
    assert report.verdict is Verdict.WRONG
    assert "stopped in the middle" in said(report)
    assert report.dialogue[-1].ours


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request", b"\xff\x00\x1b[2J", b"220 mail.example.org ESMTP"])
def test_what_is_no_pop3(trusted: None, serve: Serve, garbage: bytes) -> None:
    for tls in (True, False):
        report = check(serve(tls=tls, garbage=garbage))
        assert verdicts(report)[1][1] == "wrong"
        assert "\x1b" not in said(report)


def test_a_port_where_nobody_listens(trusted: None) -> None:
    unused = check_server(Server(HOST, free_port()), ["127.0.0.1"], ANA)
    assert verdicts(unused) == [("TCP", "wrong")]
    assert "Look at the firewall" in said(unused)


def test_one_of_two_addresses_is_broken(trusted: None, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = serve(tls=True)
    real = mail._try
    monkeypatch.setattr(mail, "_try", lambda address, port: "timeout" if ":" in address else real(address, port))
    report = check_server(Server(HOST, fake.port), ["127.0.0.1", "2001:db8::7"], ANA)
    assert verdicts(report)[:2] == [("TCP", "ok"), ("TCP", "wrong")]
    assert verdicts(report)[-1] == ("STAT", "ok")


def test_a_machine_without_ipv6_says_nothing_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_args: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(mail.socket, "create_connection", unreachable)
    report = check_server(Server(HOST, 995), ["2001:db8::7"], ANA)
    assert verdicts(report) == [("TCP", "unknown")]


def test_a_server_that_says_nothing_does_not_hold_the_page(
    trusted: None, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TALK_SECONDS", 0.3)
    monkeypatch.setattr(FakePop3, "serve", lambda _fake, line: line.recv(10_000) and line.recv(10_000))
    report = check(serve(tls=False))
    assert verdicts(report)[1] == ("TLS", "wrong")


def test_an_endless_line_is_cut(trusted: None, serve: Serve) -> None:
    fake = serve(tls=True, refuses="-ERR " + "x" * 200_000)
    report = check(fake)
    assert all(len(line.text) <= pop3.LINE_LIMIT for line in report.dialogue)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"+OK plain", "+OK plain"),
        ("+OK Adiós".encode(), "+OK Adiós"),
        (b"caf\xe9", "café"),
        (b"\x1b[31mred\x07", "␛[31mred␇"),
        ("a\u202eb\u2066c".encode(), "a[U+202E]b[U+2066]c"),
        (b"a\x00b\tc", "a␀b\tc"),
        ("a\u00a0b\u200bc".encode(), "a b[U+200B]c"),
    ],
)
def test_what_a_server_says_is_harmless_text(line: bytes, shown: str) -> None:
    assert readable(line) == shown


def test_a_certificate_without_names_is_read(authority: trustme.CA) -> None:
    der = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).public_bytes(Encoding.DER)
    found = certificates.read(der)
    assert (found.names, "trustme" in found.issuer) == ((), True)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
