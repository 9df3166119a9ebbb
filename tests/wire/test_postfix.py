"""Casilla with Debian's Postfix before it, set up as docs/operate/postfix.md says: both ways, and every refusal."""

import os
import smtplib
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
import trustme
from django.conf import settings
from django.db import connection
from psycopg import sql

from controlpanel.journal.models import Attempt, PastSession
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.models import DevicePassword, Domain, Mailbox, Sent, State
from controlpanel.mailstore.models import Message
from tests.documents import ROOT, files_of
from tests.postgres import clear_what_came_late, with_name, with_user
from tests.programs import need
from tests.store.factories import make_alias, make_mailbox, make_message, put
from tests.wire.bridge import bridge
from tests.wire.clients import until
from tests.wire.conftest import install, with_password
from tests.wire.postfix import Postfix, placed
from tests.wire.service import MailService, running

PASSWORD = "read only"
WORLD = "127.0.0.9"  # whose mail is not ours: mynetworks has 127.0.0.1 alone


@pytest.fixture(scope="module")
def database(server_url: str, django_db_setup: None) -> str:
    return with_name(server_url, settings.DATABASES["default"]["NAME"])


@pytest.fixture(scope="module")
def role(database: str) -> Iterator[str]:
    """What Postfix signs in as, made as the document says."""
    need("postfix")
    name = f"postfix_wire_{os.getpid()}"
    environment = os.environ | {"DATABASE_URL": with_user(database, "postgres")}
    command = [ROOT / ".venv/bin/python", "manage.py", "postfix_role", name, "--password-stdin"]
    subprocess.run(command, cwd=ROOT, env=environment, input=f"{PASSWORD}\n", text=True, check=True)
    yield name
    with psycopg.connect(with_user(database, "postgres"), autocommit=True) as superuser:
        superuser.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def socket_of(database: Mapping[str, str]) -> str:
    return f"{database['HOST']}/.s.PGSQL.{database['PORT'] or 5432}"


@pytest.fixture(scope="module")
def both(
    database: str, role: str, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MailService, Postfix]]:
    folder = tmp_path_factory.mktemp("mail")
    install(authority, folder, "mail.example.org", "localhost")
    with (
        bridge(socket_of(connection.settings_dict)) as port,
        placed(role, PASSWORD, port) as postfix,
        running(database, folder, **postfix.asked_at()) as service,
    ):
        postfix.start(service)
        yield service, postfix
    clear_what_came_late(database)


@pytest.fixture
def service(both: tuple[MailService, Postfix]) -> MailService:
    return both[0]


@pytest.fixture
def postfix(both: tuple[MailService, Postfix]) -> Postfix:
    return both[1]


@pytest.fixture
def ana(transactional_db: None, stored_password: str) -> Mailbox:
    return with_password(make_mailbox("ana@example.org"), stored_password)


@pytest.fixture
def luis(transactional_db: None, stored_password: str) -> Mailbox:
    return with_password(make_mailbox("luis@example.org"), stored_password)


def device(box: Mailbox, **fields: object) -> str:
    password = device_passwords.generate()
    keys = device_passwords.keys(password, bytes(box.scram_salt))
    DevicePassword.objects.create(
        mailbox=box, name="Laptop", stored_key=keys.stored_key, server_key=keys.server_key, **fields
    )
    return password


def letter(sender: str = "ana@example.org", *to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, ", ".join(to) or "luis@example.org", "One to another"
    message.set_content("With an e\u00f1e, and a dot:\n.\n")
    return message


class Client(smtplib.SMTP):
    """A mail client on the submission port, behind STARTTLS."""

    def __init__(self, postfix: Postfix, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", postfix.submission, local_hostname="client.example", timeout=30)
        self._host = "mail.example.org"  # whose certificate it shall be
        self.starttls(context=context)
        self.ehlo()

    def said(self, *command: str) -> str:
        code, words = self.docmd(*command)
        return f"{code} {words.decode()}"


def at_the_world(postfix: Postfix, recipient: str, sender: str = "eva@elsewhere.example") -> str:
    """What a server elsewhere is told at RCPT on port 25."""
    with smtplib.SMTP("127.0.0.1", postfix.smtp, "mx.elsewhere.example", 30, (WORLD, 0)) as client:
        client.ehlo()
        client.mail(sender)
        code, words = client.rcpt(recipient)
        return f"{code} {words.decode()}"


def full(box: Mailbox) -> None:
    Mailbox.objects.filter(pk=box.pk).update(quota=100)
    put(box, make_message(octets=100))


def fetched(service: MailService, box: Mailbox, secret: str, authority: trustme.CA, folder: Path) -> list[bytes]:
    """What fetchmail gets over POP3S."""
    fetchmail = need("fetchmail")
    program, settings_file = folder / "keep", folder / "fetchmailrc"
    program.write_text(f"#!/bin/sh\ncat > {folder}/message.$$\n")
    program.chmod(0o700)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    settings_file.write_text(
        f"poll localhost protocol POP3 port {service.pop3s} auth password\n"
        f"user '{box.address_text}' password '{secret}' ssl sslcertfile {folder}/ca.pem sslcertck fetchall\n"
        f"mda '{program}'\n"
    )
    settings_file.chmod(0o600)
    options = ["--nodetach", "--nosyslog", "--pidfile", folder / "pid", "--idfile", folder / "ids"]
    done = subprocess.run(
        [fetchmail, "--fetchmailrc", settings_file, *options], env=os.environ | {"HOME": str(folder)}, timeout=50
    )
    assert done.returncode == 0
    return [path.read_bytes() for path in folder.glob("message.*")]


def waiting(number: int) -> bool:
    return Message.objects.filter(removed__isnull=True).count() == number


def test_a_whole_round(
    service: MailService,
    postfix: Postfix,
    ana: Mailbox,
    luis: Mailbox,
    client_context: ssl.SSLContext,
    authority: trustme.CA,
    tmp_path: Path,
) -> None:
    """Out by 587 with a device password, in again by port 25 and LMTP, and fetched over POP3S."""
    with Client(postfix, client_context) as client:
        client.login("ana@example.org", device(ana))
        assert client.send_message(letter("ana@example.org", "luis+shop@example.org", "ana@example.org")) == {}
    until(lambda: waiting(2))
    [message] = fetched(service, luis, device(luis), authority, tmp_path)
    text = message.replace(b"\r\n", b"\n")
    assert b"Delivered-To: luis+shop@example.org\n" in text
    assert b"with ESMTPSA" in text, "it came in by submission, signed in and over TLS"
    assert text.count(b"\nReceived: from ") >= 2, "and once more by port 25"
    assert text.rstrip().endswith(b".")
    assert Sent.objects.get(mailbox=ana).recipients == 2
    sent = PastSession.objects.get(mailbox_id=ana.pk)
    assert (sent.protocol, sent.device, sent.address, sent.mechanism) == ("smtp", "Laptop", "127.0.0.1", "PLAIN")
    assert not Attempt.objects.filter(mailbox_id=ana.pk).exists()


# Port 25


def test_who_exists_is_casillas_word_on_port_25(postfix: Postfix, ana: Mailbox, luis: Mailbox) -> None:
    Mailbox.objects.filter(pk=luis.pk).update(state=State.SUSPENDED)
    full(make_mailbox("full@example.org"))
    make_mailbox("closed@example.org", state=State.CLOSED)
    make_alias("sales@example.org", ana, "out@elsewhere.example")
    said = {
        local: at_the_world(postfix, f"{local}@example.org")
        for local in ("ana", "Ana+lists", "luis", "sales", "nobody", "full", "closed")
    }
    assert [local for local, reply in said.items() if reply.startswith("250 ")] == ["ana", "Ana+lists", "luis", "sales"]
    assert said["nobody"].startswith("550 5.1.1 ")
    assert said["full"].startswith("452 4.2.2 ")
    assert said["closed"].startswith("550 5.2.1 ")
    assert at_the_world(postfix, "eva@elsewhere.example").startswith("554 5.7.1 ")


def test_port_25_offers_no_sign_in(postfix: Postfix) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.smtp) as client:
        client.ehlo()
        assert not client.has_extn("auth")


# Submission


def test_passwords_cross_no_line_in_clear(postfix: Postfix) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.submission) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("MAIL FROM:<ana@example.org>")[0] == 530


def test_what_is_offered_behind_tls(postfix: Postfix, client_context: ssl.SSLContext) -> None:
    with Client(postfix, client_context) as client:
        assert set(client.esmtp_features["auth"].split()) == {"SCRAM-SHA-256", "PLAIN", "LOGIN"}
    with smtplib.SMTP_SSL("localhost", postfix.submissions, context=client_context) as client:
        client.ehlo()
        assert "PLAIN" in client.esmtp_features["auth"]


@pytest.mark.parametrize(
    ("name", "secret"), [("ana@example.org", "wrong"), ("nobody@example.org", "secret"), ("", "secret")]
)
def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    postfix: Postfix, ana: Mailbox, client_context: ssl.SSLContext, name: str, secret: str
) -> None:
    with Client(postfix, client_context) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as no:
            client.login(name or "x", secret)
        assert no.value.smtp_code == 535
        assert b"This name and password do not belong together." in no.value.smtp_error


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": State.SUSPENDED}, b"This mailbox is suspended"),
        ({"send_enabled": False}, b"This mailbox may not send mail"),
    ],
)
def test_who_may_not_send_is_told_why(
    postfix: Postfix, ana: Mailbox, client_context: ssl.SSLContext, change: dict[str, object], words: bytes
) -> None:
    with Client(postfix, client_context) as early:
        early.login("ana@example.org", "secret")
        Mailbox.objects.filter(pk=ana.pk).update(**change)
        with Client(postfix, client_context) as client, pytest.raises(smtplib.SMTPAuthenticationError) as no:
            client.login("ana@example.org", "secret")
        assert words in no.value.smtp_error
        early.mail("ana@example.org")
        told = early.said("RCPT", "TO:<luis@example.org>")
        assert told.startswith("554 5.7.1 "), told
        assert words.decode() in told


def test_nobody_sends_as_another(postfix: Postfix, ana: Mailbox, luis: Mailbox, client_context: ssl.SSLContext) -> None:
    make_alias("sales@example.org", ana)
    with Client(postfix, client_context) as client:
        client.login("ana@example.org", "secret")
        for sender, answer in {
            "luis@example.org": "553 5.7.1",
            "nobody@example.org": "553 5.7.1",
            "eva@elsewhere.example": "553 5.7.1",
            "ana+lists@example.org": "250 2.1.5",
            "sales@example.org": "250 2.1.5",
        }.items():
            client.mail(sender)
            assert client.said("RCPT", "TO:<luis@example.org>").startswith(answer), sender
            client.rset()


def test_casilla_refuses_a_foreign_sender_where_postfix_does_not_ask(
    postfix: Postfix, ana: Mailbox, luis: Mailbox, client_context: ssl.SSLContext
) -> None:
    postfix.reconfigure("casilla_sender_restrictions=")
    try:
        with Client(postfix, client_context) as client:
            client.login("ana@example.org", "secret")
            client.mail("luis@example.org")
            told = client.said("RCPT", "TO:<luis@example.org>")
        assert told.startswith("554 5.7.1 ")
        assert "not one of the mailbox that signed in" in told
    finally:
        postfix.reconfigure("casilla_sender_restrictions=reject_sender_login_mismatch")


def test_recipients_here_are_refused_to_the_client_at_once(
    postfix: Postfix, ana: Mailbox, client_context: ssl.SSLContext
) -> None:
    full(make_mailbox("full@example.org"))
    with Client(postfix, client_context) as client:
        client.login("ana@example.org", "secret")
        client.mail("ana@example.org")
        assert client.said("RCPT", "TO:<nobody@example.org>").startswith("550 5.1.1 ")
        assert client.said("RCPT", "TO:<full@example.org>").startswith("452 4.2.2 ")
        assert client.said("RCPT", "TO:<eva@elsewhere.example>").startswith("250 ")


def test_the_day_has_so_many_recipients(
    postfix: Postfix, ana: Mailbox, luis: Mailbox, client_context: ssl.SSLContext
) -> None:
    Domain.objects.update(daily_limit=3, language="es")
    with Client(postfix, client_context) as client:
        client.login("ana@example.org", "secret")
        client.send_message(letter("ana@example.org", "luis@example.org", "ana@example.org"))
        with pytest.raises(smtplib.SMTPDataError) as no:
            client.send_message(letter("ana@example.org", "luis@example.org", "ana@example.org"))
        assert no.value.smtp_code == 554
        assert b"Este mensaje pasaria el limite de 3 destinatarios por dia; pruebe manana." in no.value.smtp_error
        client.send_message(letter("ana@example.org", "luis@example.org"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.send_message(letter("ana@example.org", "luis@example.org"))
    assert Sent.objects.get().recipients == 3
    until(lambda: waiting(3))


def test_while_casilla_is_away_clients_are_asked_to_come_again(
    service: MailService, postfix: Postfix, ana: Mailbox, client_context: ssl.SSLContext
) -> None:
    """And afterwards the same Postfix goes on, nothing restarted there."""
    with Client(postfix, client_context) as signed_in, Client(postfix, client_context) as waits:
        signed_in.login("ana@example.org", "secret")
        service.stop()
        try:
            with pytest.raises(smtplib.SMTPAuthenticationError) as no:
                waits.login("ana@example.org", "secret")
            assert no.value.smtp_code == 454
            signed_in.mail("ana@example.org")
            assert signed_in.said("RCPT", "TO:<ana@example.org>").startswith("451 4.3.5 ")
            signed_in.rset()
        finally:
            service.start()
        signed_in.mail("ana@example.org")
        assert signed_in.said("RCPT", "TO:<ana@example.org>").startswith("250 ")
        waits.login("ana@example.org", "secret")


# The document


def test_the_files_there_are_those_in_deploy() -> None:
    for path, text in files_of("operate/postfix.md").items():
        if "pgsql" in path:
            assert text == (ROOT / "deploy" / "postfix" / Path(path).name).read_text()


@pytest.mark.parametrize("name", ["postfix", "exim", "web-proxies"])
def test_both_languages_have_the_same_files(name: str) -> None:
    assert files_of(f"operate/{name}.md") == files_of(f"operate/{name}.es.md") != {}


def test_what_is_written_there_checks(postfix: Postfix) -> None:
    done = subprocess.run(["postfix", "-c", postfix.configuration, "check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    read = subprocess.run(["postconf", "-c", postfix.configuration, "-n"], capture_output=True, text=True)
    assert read.stderr == "", "a name that Postfix does not know"
