"""POP3 on real sockets, against the real store: what a client may rely on."""

import poplib
import socket
import ssl
import time
import warnings
from base64 import b64encode
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import trustme
from django.conf import settings

from controlpanel.accounts.actor import Actor
from controlpanel.journal.models import Dialogue, PastSession
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailstore.models import Message, Process, Session
from tests.postgres import with_name
from tests.store.factories import put
from tests.wire.clients import Lmtp, Pop3, until
from tests.wire.conftest import install
from tests.wire.service import MailService, running


def memory(pid: int) -> int:
    """Resident octets of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def fetched_anew(port: int, seen: set[bytes]) -> int:
    """Leave mail on the server, as a mail client does: fetch what has a unique id that is not in `seen`."""
    client = poplib.POP3("127.0.0.1", port, timeout=15)
    client.user("ana@example.org")
    client.pass_("secret")
    new = [line.split() for line in client.uidl()[1] if line.split()[1] not in seen]
    for number, uid in new:
        client.retr(int(number))
        seen.add(uid)
    client.quit()
    return len(new)


def test_who_leaves_mail_on_the_server_fetches_nothing_twice(service: MailService, ana: Mailbox) -> None:
    put(ana, *[b"Subject: %d\r\n\r\n" % n for n in range(30)])
    seen: set[bytes] = set()
    assert fetched_anew(service.pop3, seen) == 30
    assert fetched_anew(service.pop3, seen) == 0
    put(ana, b"Subject: new\r\n\r\n")
    assert fetched_anew(service.pop3, seen) == 1
    assert fetched_anew(service.pop3, seen) == 0


def test_a_lost_line_removes_nothing_and_quit_does(service: MailService, ana: Mailbox) -> None:
    put(ana, *[b"Subject: %d\r\n\r\n" % n for n in range(3)])
    for quits in (False, True):
        with Pop3(service.pop3) as client:
            client.login("ana@example.org")
            assert client.command("DELE 2").startswith(b"+OK")
            if quits:
                assert client.command("QUIT").startswith(b"+OK")
        until(lambda: not Session.objects.exists())
        assert Message.objects.filter(removed__isnull=False).count() == quits
    until(lambda: PastSession.objects.filter(ended_by="quit").exists())


def test_a_session_sees_no_arrival_and_loses_no_message(service: MailService, ana: Mailbox) -> None:
    put(ana, b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n")
    with Pop3(service.pop3) as first, Pop3(service.pop3) as second:
        first.login("ana@example.org")
        second.login("ana@example.org")
        put(ana, b"Subject: 3\r\n\r\n")
        assert first.command("STAT") == second.command("STAT") == b"+OK 2 28"
        first.command("DELE 1")
        assert first.command("QUIT").startswith(b"+OK")
        assert second.retrieve(1) == b"Subject: 1\r\n\r\n"
        second.command("DELE 1")
        assert second.command("QUIT").startswith(b"+OK")
    with Pop3(service.pop3) as third:
        third.login("ana@example.org")
        assert third.command("STAT") == b"+OK 2 28"


def test_everything_in_one_write_is_answered_in_order(service: MailService, ana: Mailbox) -> None:
    bodies = [b"Subject: %d\r\n\r\n" % n + b"x" * 3000 + b"\r\n" for n in range(100)]
    put(ana, *bodies)
    with Pop3(service.pop3) as client:
        commands = ["USER ana@example.org", "PASS secret", *[f"RETR {n}" for n in range(1, 101)], "DELE 1", "QUIT"]
        client.send("".join(f"{line}\r\n" for line in commands).encode())
        assert [client.line()[:3] for _ in range(2)] == [b"+OK"] * 2
        for body in bodies:
            assert client.line() == b"+OK %d octets" % len(body)
            assert b"".join(line + b"\r\n" for line in client.lines()) == body
        assert client.rest().count(b"+OK") == 2


def test_clients_that_do_not_read_cost_little(service: MailService, ana: Mailbox) -> None:
    put(ana, b"Subject: large\r\n\r\n" + b"x" * 8 * 2**20 + b"\r\n")
    clients = []
    for _ in range(15):
        client = Pop3(service.pop3)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.login("ana@example.org")
        clients.append(client)
    before = memory(service.worker)
    for client in clients:
        client.send(b"RETR 1\r\n" * 50)
    time.sleep(1.0)
    assert memory(service.worker) - before < 40 * 2**20
    for client in clients:
        client.close()


def test_what_stands_behind_stls_is_not_believed(
    service: MailService, ana: Mailbox, client_context: ssl.SSLContext
) -> None:
    with Pop3(service.pop3) as client:
        client.send(b"STLS\r\nUSER ana@example.org\r\n")
        assert client.line().startswith(b"-ERR")
        assert client.line().startswith(b"+OK")
        assert client.command("STLS").startswith(b"+OK")
        client.start_tls(client_context)
        assert client.command("PASS secret").startswith(b"-ERR")
        assert client.login("ana@example.org").startswith(b"+OK")
        assert b"STLS" not in client.command("CAPA") + b"".join(client.lines())


def test_a_domain_may_allow_unsafe_lines_until_a_day(
    server_url: str, tmp_path: Path, ana: Mailbox, authority: trustme.CA
) -> None:
    """What the panel writes holds, and is announced, some seconds later; and ends as soon."""
    install(authority, tmp_path, "mail.example.org")
    database = with_name(server_url, settings.DATABASES["default"]["NAME"])
    with running(database, tmp_path, PROXY_NETWORKS="127.0.0.9/32") as service:
        assert not announces_passwords(service)
        with pytest.raises(ssl.SSLError):
            Pop3(service.pop3s, tls_1_0(authority))
        Domain.objects.update(plain_login_until=date(2126, 5, 1), old_tls_until=date(2126, 5, 1))
        until(lambda: announces_passwords(service))
        with from_elsewhere(service) as client:
            assert client.command("USER ana@other.example").startswith(b"-ERR [SYS/PERM] No password is taken")
            assert client.login("ana@example.org").startswith(b"+OK")
        until(lambda: "event=old_tls allowed=yes" in service.said())
        with Pop3(service.pop3s, tls_1_0(authority)) as client:
            assert client.login("ana@example.org").startswith(b"+OK")
            assert Session.objects.get(tls="TLSv1").mailbox_id == ana.pk
        Domain.objects.update(plain_login_until=date(2026, 1, 1), old_tls_until=None)
        until(lambda: not announces_passwords(service))
        with from_elsewhere(service) as client:
            assert client.command("USER ana@example.org").startswith(b"-ERR [SYS/PERM] ")


def from_elsewhere(service: MailService) -> Pop3:
    """A client that a proxy brings from where others listen to the line."""
    client = Pop3(service.pop3, source="127.0.0.9", first=b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 110\r\n")
    assert client.greeting.startswith(b"+OK")
    return client


def announces_passwords(service: MailService) -> bool:
    with from_elsewhere(service) as client:
        client.command("CAPA")
        announced = client.lines()
    assert (b"USER" in announced) == any(b"PLAIN" in line for line in announced)
    return b"USER" in announced


def tls_1_0(authority: trustme.CA) -> ssl.SSLContext:
    """A client that knows nothing newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def test_the_panel_ends_a_session(service: MailService, ana: Mailbox) -> None:
    with Pop3(service.pop3) as client:
        client.login("ana@example.org")
        Session.objects.update(end_asked=True)
        assert client.line().startswith(b"-ERR [SYS/TEMP] ")
        assert client.rest() == b""
    until(lambda: PastSession.objects.filter(ended_by="panel").exists())


def certificate_number(service: MailService, context: ssl.SSLContext) -> str:
    line = socket.create_connection(("127.0.0.1", service.pop3s), 10)
    with context.wrap_socket(line, server_hostname="mail.example.org") as tls:
        certificate = tls.getpeercert()
        assert certificate is not None
        return str(certificate["serialNumber"])


def test_a_new_certificate_serves_new_handshakes_and_breaks_no_session(
    service: MailService, ana: Mailbox, client_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    with Pop3(service.pop3s, client_context) as client:
        old = certificate_number(service, client_context)
        install(authority, service.folder, "mail.example.org", "localhost")
        until(lambda: certificate_number(service, client_context) != old)
        assert client.login("ana@example.org").startswith(b"+OK")


def test_a_bad_certificate_leaves_the_old_one_and_says_so(
    service: MailService, ana: Mailbox, client_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    old = certificate_number(service, client_context)
    chain = service.folder / "tls" / "mail.example.org" / "fullchain.pem"
    good = chain.read_bytes()
    chain.write_bytes(b"no certificate\n")
    until(lambda: Process.objects.exclude(trouble="").exists())
    assert "mail.example.org: " in Process.objects.get().trouble
    assert 'event=certificate_trouble fault="mail.example.org: ' in service.said()
    assert certificate_number(service, client_context) == old
    chain.write_bytes(good)
    until(lambda: Process.objects.filter(trouble="").exists())


@pytest.mark.torture
@pytest.mark.timeout(180)
def test_an_idle_session_gives_way_in_a_minute(service: MailService, ana: Mailbox) -> None:
    """Where the domain chose the exclusive lock; the client that yields is told so before its line closes."""
    Domain.objects.update(exclusive_lock=True)
    with Pop3(service.pop3) as idle:
        idle.login("ana@example.org")
        idle.command("STAT")
        replies = [b""]
        while not replies[-1].startswith(b"+OK"):
            assert len(replies) < 9
            with Pop3(service.pop3) as next_one:
                replies.append(next_one.login("ana@example.org"))
        assert len(replies) > 4
        assert all(reply.startswith(b"-ERR [IN-USE] ") for reply in replies[1:-1])
        assert idle.line().startswith(b"-ERR [IN-USE] ")
        assert idle.rest() == b""
    until(lambda: PastSession.objects.filter(ended_by="taken_over").exists())


def test_a_sessions_line_and_row_tell_the_same(
    service: MailService, ana: Mailbox, client_context: ssl.SSLContext
) -> None:
    """Mechanism, device, TLS version, octets, messages fetched and removed, and why it ended."""
    put(ana, b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n")
    device, password = changes.create_device_password(ana, "Ana's laptop", actor=Actor(ana.user))
    with Pop3(service.pop3s, client_context) as client:
        secret = b64encode(f"\0ana@example.org\0{password}".encode()).decode()
        assert client.command(f"AUTH PLAIN {secret}").startswith(b"+OK")
        client.retrieve(1)
        client.command("DELE 2")
        client.command("QUIT")
    until(lambda: "fetched=1 removed=1" in service.said())
    said = next(line for line in service.said().splitlines() if "fetched=1 removed=1" in line)
    past = PastSession.objects.get()
    assert (past.mechanism, past.device, past.tls) == ("PLAIN", device.name, "TLSv1.3")
    assert (past.fetched, past.removed, past.ended_by, past.address) == (1, 1, "quit", "127.0.0.1")
    words = f'mailbox=ana@example.org mechanism=PLAIN device="{past.device}" fetched=1 removed=1'
    assert "service=pop3s peer=127.0.0.1 tls=TLSv1.3 " in said
    assert words in said
    assert "reason=quit" in said
    sent = int(said.partition(" sent=")[2].split()[0])
    assert 0 <= sent - past.octets <= len("+OK Bye. Messages removed: 1.\r\n")  # the row is written before the farewell


def test_who_leaves_before_login_and_a_mail_server_that_is_done_have_not_lost_their_line(service: MailService) -> None:
    with Pop3(service.pop3) as client:
        client.command("QUIT")
        own = "service=pop3 peer=127.0.0.1 seconds=0.0 received=6 "
    with Lmtp(service.lmtp) as lmtp:
        lmtp.command("QUIT")
    until(lambda: said_to_have_quit(service, own))
    until(lambda: said_to_have_quit(service, "service=lmtp peer=127.0.0.1 "))


def said_to_have_quit(service: MailService, session: str) -> bool:
    return any(session in line and "reason=quit" in line for line in service.said().splitlines())


def test_a_session_leaves_one_line_in_the_log_and_no_secret(service: MailService, ana: Mailbox) -> None:
    put(ana, b"Subject: hush\r\n\r\nconfidential\r\n")
    with Pop3(service.pop3) as client:
        client.login("ana@example.org", "not the password")
        client.login("ana@example.org")
        client.retrieve(1)
        client.command("QUIT")
    ours = "mailbox=ana@example.org mechanism=USER fetched=1 removed=0"
    until(lambda: ours in service.said())
    line = next(line for line in reversed(service.said().splitlines()) if ours in line)
    assert "event=session service=pop3 peer=127.0.0.1 " in line
    assert "reason=quit" in line
    assert "not the password" not in service.said()
    assert "confidential" not in service.said()


def test_a_session_is_written_down_where_somebody_asked_for_it(
    service: MailService, ana: Mailbox, client_context: ssl.SSLContext
) -> None:
    changes.record_dialogues(ana, "sessions", actor=Actor())
    put(ana, b"Subject: hush\r\n\r\nconfidential\r\n")
    with Pop3(service.pop3) as client:
        client.command("STLS")
        client.start_tls(client_context)
        client.login("ana@example.org", "not the password")
        client.login("ana@example.org")
        client.retrieve(1)
        client.command("QUIT")
    until(Dialogue.objects.exists)
    said = [f"{who}: {text}" for _after, who, text in Dialogue.objects.get().entries]
    assert said[0].startswith("S: +OK ")
    for told in ("C: STLS", ": TLSv1.3", "C: USER ana@example.org", "C: RETR 1", "C: QUIT"):
        assert told in said, told
    assert said.count("C: PASS [16 octets]") == said.count("C: PASS [6 octets]") == 1
    for untold in ("not the password", "secret", "hush", "confidential"):
        assert untold not in "\n".join(said), untold


def test_without_utf8_headers_are_plain_where_the_domain_wants_that_and_every_size_agrees(
    service: MailService, ana: Mailbox
) -> None:
    Domain.objects.update(ascii_headers=True)
    head = "From: José <josé@correo.example>\r\nSubject: mañana en Málaga\r\n".encode()
    texts = [head + b"\r\n" + b"a line of text\r\n" * lines for lines in (3, 17_000, 40_000)]
    texts.append(b"Subject: plain\r\n\r\nbody\r\n")
    with Lmtp(service.lmtp) as lmtp:
        for text in texts:
            lmtp.begin(["ana@example.org"])
            lmtp.text(text)
            assert lmtp.reply().startswith("250")
    sizes = {}
    for utf8 in (False, True):
        with Pop3(service.pop3) as client:
            assert not utf8 or client.command("UTF8").startswith(b"+OK")
            client.login("ana@example.org")
            messages = [client.retrieve(number) for number in (1, 2, 3, 4)]
            sizes[utf8] = [len(message) for message in messages]
            assert client.command("STAT") == b"+OK 4 %d" % sum(sizes[utf8])
            assert [int(client.command(f"LIST {number}").split()[2]) for number in (1, 2, 3, 4)] == sizes[utf8]
            for message, text in zip(messages, texts, strict=True):
                assert message.endswith(text if utf8 else text.partition(b"\r\n\r\n")[2])
            assert utf8 or all(message.isascii() for message in messages)
            assert client.command("QUIT").startswith(b"+OK")
    assert sizes[False][3] == sizes[True][3]
    parsed = message_from_bytes(messages_of(service.pop3)[0], policy=policy.default)
    assert parsed["subject"] == "mañana en Málaga"
    assert parsed["from"].addresses[0].display_name == "José josé@correo.example"
    assert parsed["from"].addresses[0].addr_spec == "invalid@internationalized-address.invalid"


def messages_of(port: int) -> list[bytes]:
    with Pop3(port) as client:
        client.login("ana@example.org")
        count = int(client.command("STAT").split()[1])
        return [client.retrieve(number) for number in range(1, count + 1)]
