"""The doors by which a mail server asks, on the real store: passwords that send, and messages that may go."""

import asyncio
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from controlpanel.accounts.models import Throttle
from controlpanel.journal.models import Attempt, PastSession
from controlpanel.mailboxes import device_passwords, sign_in
from controlpanel.mailboxes.models import DevicePassword, Domain, Mailbox, Sent, State
from pop3service.backend import Backend
from pop3service.dovecot_auth import CLOSE, NEED_DATA, Session
from pop3service.dovecot_auth_lines import Identity
from pop3service.policy import Allowed, MaySend, NotAllowed
from pop3service.requests import Reason, Unavailable
from tests.store.doors import FakeLine, answer_to, beside_a_backend, in_thread
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana@example.org"
HELLO = b"VERSION\t1\t0\nCPID\t99\n"
RIGHT = b"OK\t1\tuser=ana@example.org\n"
CLOSED = b"closed"


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_remembered", sign_in.Remembered())


@pytest.fixture
def ana() -> Mailbox:
    box = make_mailbox(ANA)
    box.user.password = make_password("secret")
    box.user.save()
    return box


def device(box: Mailbox, **fields: Any) -> str:
    password = device_passwords.generate()
    keys = device_passwords.keys(password, bytes(box.scram_salt))
    DevicePassword.objects.create(
        mailbox=box, name="Laptop", stored_key=keys.stored_key, server_key=keys.server_key, **fields
    )
    return password


class MailServer:
    """A line to the service as the server drives it: the session, its door, and what is said."""

    def __init__(self, backend: Backend) -> None:
        self.session = Session(("SCRAM-SHA-256", "PLAIN", "LOGIN"), Identity(1, 1, "0" * 32))
        self.door = backend.auth(FakeLine(address="", tls=""))
        self.waiting = 0
        self.said = asyncio.Queue[bytes]()
        self.session.receive(HELLO)
        self.pump()
        self.said.get_nowait()

    def pump(self) -> None:
        while (event := self.session.next_event()) not in (NEED_DATA, CLOSE):
            if isinstance(event, bytes):
                self.said.put_nowait(event)
            else:
                self.door.ask(event, self.answered)
        if event is CLOSE:
            self.said.put_nowait(CLOSED)

    def answered(self, value: Any) -> None:
        self.session.answer(value)
        if value is not None:
            self.pump()

    async def say(self, data: bytes) -> bytes:
        self.session.receive(data)
        self.pump()
        return await asyncio.wait_for(self.said.get(), 20)

    async def plain(self, name: str, secret: str, rest: bytes = b"rip=192.0.2.7\tsecured\t", number: int = 1) -> bytes:
        response = b64encode(f"\0{name}\0{secret}".encode())
        return await self.say(b"AUTH\t%d\tPLAIN\tservice=smtp\t%sresp=%s\n" % (number, rest, response))


def plain(name: str, secret: str, **options: Any) -> bytes:
    """What one sign-in on a line of its own is answered."""
    said: list[bytes] = []

    async def test(backend: Backend) -> None:
        said.append(await MailServer(backend).plain(name, secret, **options))

    beside_a_backend(test)
    return said[0]


def attempts() -> list[tuple[Any, ...]]:
    return list(Attempt.objects.values_list("mailbox_id", "protocol", "outcome", "mechanism", "address", "tls"))


def test_the_main_password_sends(ana: Mailbox) -> None:
    assert plain("Ana@Example.ORG", "secret") == RIGHT
    past = PastSession.objects.get()
    assert (past.mailbox_id, past.protocol, past.device, past.address, past.tls, past.mechanism, past.times) == (
        ana.pk, "smtp", "", "192.0.2.7", "TLS", "PLAIN", 1,
    )  # fmt: skip
    assert not Attempt.objects.exists()
    ana.refresh_from_db()
    assert ana.last_seen is None, "nothing was fetched"


def test_a_device_password_sends_and_is_known_by_its_name(ana: Mailbox) -> None:
    assert plain(ANA, device(ana)) == RIGHT
    assert PastSession.objects.get().device == "Laptop"
    used = DevicePassword.objects.get()
    assert (used.last_used is not None, used.last_address) == (True, "192.0.2.7")


def test_sign_ins_of_an_hour_are_one_row_beside_that_of_fetching(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        server = MailServer(backend)
        for number in (1, 2, 3):
            await server.plain(ANA, "secret", number=number)

    beside_a_backend(test)
    assert PastSession.objects.get().times == 3


@pytest.mark.parametrize(("name", "secret"), [(ANA, "wrong"), ("nobody@example.org", "secret"), ("no address", "x")])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(ana: Mailbox, name: str, secret: str) -> None:
    said = plain(name, secret)
    assert said == f"FAIL\t1\tuser={name}\treason=This name and password do not belong together.\n".encode()
    assert Throttle.objects.filter(failures__gt=0).exists()
    assert attempts() == ([(ana.pk, "smtp", "wrong", "PLAIN", "192.0.2.7", "TLS")] if name == ANA else [])


@pytest.mark.parametrize(
    ("change", "code", "outcome"),
    [
        ({"state": State.SUSPENDED}, b"\tcode=user_disabled", "suspended"),
        ({"state": State.CLOSED}, b"\tcode=user_disabled", "closed"),
        ({"send_enabled": False}, b"", "may_not_send"),
    ],
)
def test_policy_is_told_to_who_knows_the_password(
    ana: Mailbox, change: dict[str, Any], code: bytes, outcome: str
) -> None:
    Mailbox.objects.filter(pk=ana.pk).update(**change)
    assert b"do not belong together" in plain(ANA, "wrong")
    said = plain(ANA, "secret")
    assert said.startswith(b"FAIL\t1\tuser=ana@example.org\treason=This mailbox ")
    assert said.endswith(code + b"\n")
    assert outcome in [each[2] for each in attempts()]


def test_what_only_fetches_does_not_send_and_the_other_way_round(ana: Mailbox) -> None:
    assert b"for something else" in plain(ANA, device(ana, may_send=False))
    assert plain(ANA, device(ana, may_fetch=False)) == RIGHT
    Mailbox.objects.update(pop3_enabled=False)
    assert plain(ANA, "secret") == RIGHT, "POP3 may be off where sending is on"


@pytest.mark.parametrize("kind", ["operator", "administrator"])
def test_the_main_password_of_who_runs_others_never_sends(ana: Mailbox, kind: str) -> None:
    if kind == "operator":
        ana.user.is_operator = True
        ana.user.save()
    else:
        ana.domain.administrators.add(ana.user)
    assert b"device password only" in plain(ANA, "secret")
    assert plain(ANA, device(ana)) == RIGHT


def test_expiry_and_networks_hold_for_the_mail_client(ana: Mailbox) -> None:
    assert b"has expired" in plain(ANA, device(ana, expires=timezone.now() - timedelta(days=1)))
    secret = device(ana, networks=["192.0.2.0/24"])
    assert plain(ANA, secret) == RIGHT
    assert b"not valid from this network" in plain(ANA, secret, rest=b"rip=198.51.100.1\tsecured\t")
    assert b"not valid from this network" in plain(ANA, secret, rest=b"rip=unknown\tsecured\t")


def test_a_foreign_hash_is_taken_and_replaced(ana: Mailbox) -> None:
    stored = "{SSHA512}" + b64encode(hashlib.sha512(b"secretsalt").digest() + b"salt").decode()
    type(ana.user).objects.filter(pk=ana.user_id).update(password=f"foreign${stored}")
    assert plain(ANA, "secret") == RIGHT
    ana.user.refresh_from_db()
    assert ana.user.password.startswith("argon2")


def test_guessers_are_slowed_by_the_mail_clients_address(ana: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop3service.backend.proving.PATIENCE_SECONDS", 0)

    async def test(backend: Backend) -> None:
        for number in range(40):
            said = await MailServer(backend).plain(ANA, f"guess{number}")
            if said == CLOSED:
                break
        else:
            raise AssertionError("forty wrong passwords, and none was slowed")
        assert await MailServer(backend).plain(ANA, "another") == CLOSED
        assert (await MailServer(backend).plain(ANA, "secret", rest=b"rip=203.0.113.9\tsecured\t")) != CLOSED

    beside_a_backend(test)
    assert "throttled" in [each[2] for each in attempts()]


def scram(secret: str, box: Mailbox) -> Generator[bytes, bytes, None]:
    """A client's side: its first message, then the answer to the server's."""
    server_first = yield b"n,,n=ana@example.org,r=abc"
    salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), bytes(box.scram_salt), 4096)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    bare = b"c=" + b64encode(b"n,,") + b"," + server_first.split(b",")[0]
    signed = b"n=ana@example.org,r=abc," + server_first + b"," + bare
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    yield bare + b",p=" + b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True)))


async def scram_talk(server: MailServer, secret: str, box: Mailbox, number: int) -> bytes:
    client = scram(secret, box)
    first = b64encode(next(client))
    said = await server.say(b"AUTH\t%d\tSCRAM-SHA-256\tservice=smtp\tresp=%s\n" % (number, first))
    final = client.send(b64decode(said.split(b"\t")[2]))
    said = await server.say(b"CONT\t%d\t%s\n" % (number, b64encode(final)))
    return await server.say(b"CONT\t%d\t\n" % number) if said.startswith(b"CONT") else said


def test_scram_sends_with_a_device_password_alone(ana: Mailbox) -> None:
    secret = device(ana)
    other = device_passwords.generate()

    async def test(backend: Backend) -> None:
        server = MailServer(backend)
        assert await scram_talk(server, secret, ana, 1) == RIGHT
        assert (await scram_talk(server, other, ana, 2)).startswith(b"FAIL\t2\tuser=ana@example.org\treason=No match.")

    beside_a_backend(test)
    assert [each[2] for each in attempts()] == ["wrong"]


def test_many_sign_in_on_one_line_at_once(ana: Mailbox) -> None:
    secrets = [device(ana) for _ in range(5)]

    async def test(backend: Backend) -> None:
        server = MailServer(backend)
        lines = [
            b"AUTH\t%d\tPLAIN\tservice=smtp\tsecured\tresp=%s\n" % (n, b64encode(f"\0{ANA}\0{secret}".encode()))
            for n, secret in enumerate([*secrets, "wrong"], 1)
        ]
        said = [await server.say(b"".join(lines))]
        while b"".join(said).count(b"\n") < len(lines):
            said.append(await asyncio.wait_for(server.said.get(), 20))
        replies = sorted(b"".join(said).splitlines())
        assert [reply.split(b"\t")[0] for reply in replies] == [b"FAIL"] + [b"OK"] * 5
        assert server.door.close(None, "lost") == {"signed_in": 5, "failed": 1}

    beside_a_backend(test)


def break_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailboxes_domain RENAME TO away")


def mend_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO mailboxes_domain")


def test_without_a_database_the_line_closes_and_a_new_one_works_again(ana: Mailbox) -> None:
    """Of a line that closes Postfix makes 454; of FAIL 535, and the client would ask for the password."""

    async def test(backend: Backend) -> None:
        await in_thread(break_database)
        try:
            assert await MailServer(backend).plain(ANA, "secret") == CLOSED
            policy = backend.policy(FakeLine())
            assert await answer_to(policy, MaySend(ANA, ANA, 1, True)) == Unavailable()
        finally:
            await in_thread(mend_database)
        assert await MailServer(backend).plain(ANA, "secret") == RIGHT
        assert await answer_to(policy, MaySend(ANA, ANA, 1, True)) == Allowed()

    beside_a_backend(test, beating=False)


# Messages


def test_a_message_is_counted_when_it_is_whole(ana: Mailbox) -> None:
    Mailbox.objects.update(daily_limit=5)

    async def test(backend: Backend) -> None:
        door = backend.policy(FakeLine())
        for _ in range(9):
            assert await answer_to(door, MaySend(ANA, ANA, 1, False)) == Allowed()
        assert await answer_to(door, MaySend(ANA, ANA, 6, True)) == NotAllowed(Reason.DAILY_LIMIT, "en", 5)
        assert await answer_to(door, MaySend(ANA, "", 5, True)) == Allowed()
        assert await answer_to(door, MaySend(ANA, ANA, 1, False)) == NotAllowed(Reason.DAILY_LIMIT, "en", 5)
        assert door.close(None, "lost") == {"messages": 1, "refused": 2}

    beside_a_backend(test)
    assert Sent.objects.get().recipients == 5


def test_many_at_once_never_pass_the_limit(ana: Mailbox) -> None:
    Mailbox.objects.update(daily_limit=10)

    async def test(backend: Backend) -> None:
        doors = [backend.policy(FakeLine()) for _ in range(20)]
        answers = await asyncio.gather(*[answer_to(door, MaySend(ANA, ANA, 3, True)) for door in doors])
        assert answers.count(Allowed()) == 3

    beside_a_backend(test)
    assert Sent.objects.get().recipients == 9


def test_why_not_is_told_in_the_owners_language(ana: Mailbox) -> None:
    Domain.objects.update(language="es")

    async def test(backend: Backend) -> None:
        door = backend.policy(FakeLine())
        assert await answer_to(door, MaySend(ANA, "luis@example.org", 1, False)) == NotAllowed(
            Reason.FOREIGN_SENDER, "es", 1000
        )
        assert await answer_to(door, MaySend("x@example.org", ANA, 1, False)) == NotAllowed(Reason.SUSPENDED)
        await in_thread(lambda: Mailbox.objects.update(send_enabled=False))
        assert await answer_to(door, MaySend(ANA, ANA, 1, True)) == NotAllowed(Reason.MAY_NOT_SEND, "es", 1000)

    beside_a_backend(test)
    assert not Sent.objects.exists()
