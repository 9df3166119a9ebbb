"""What breaks and must not lose mail: the worker and PostgreSQL killed in the middle of things.

Nothing acknowledged is lost, nothing unasked is removed, no -ERR stands inside a reply, and all recovers by itself.
"""

import random
import re
import threading
import time

import pytest

from tests.wire.clients import Lmtp, Pop3, until
from tests.wire.house import Fault, message, restart, signed_in

pytestmark = [pytest.mark.torture, pytest.mark.timeout(180)]

LARGE = 24 * 2**20


# The worker dies


def test_between_dele_and_quit_nothing_is_removed(fault: Fault) -> None:
    fault.deliver(*[message(str(n)) for n in range(10)])
    with signed_in(fault) as client:
        for number in range(1, 11):
            assert client.command(f"DELE {number}").startswith(b"+OK")
        fault.service.kill_worker()
        assert b"+OK" not in client.rest()
    fault.service.wait_until_ready()
    assert fault.present() == 10
    with signed_in(fault) as client:
        assert client.command("STAT").startswith(b"+OK 10 ")
    fault.check()


def test_within_quit_all_is_removed_or_nothing(fault: Fault) -> None:
    source = random.Random(1939)
    for _ in range(8):
        fault.service.wait_until_ready()
        fault.deliver(*[message(str(n)) for n in range(20 - fault.present())])
        with signed_in(fault) as client:
            client.send(b"".join(b"DELE %d\r\n" % number for number in range(1, 21)))
            assert all(client.line().startswith(b"+OK") for _ in range(20))
            client.send(b"QUIT\r\n")
            time.sleep(source.uniform(0, 0.02))
            fault.service.kill_worker()
            reply = client.rest()
        left = fault.present()
        assert left in (0, 20)
        assert left == 0 or b"+OK" not in reply
        fault.check()


def test_within_data_nothing_is_there_that_was_not_acknowledged(fault: Fault) -> None:
    for octets in (1000, LARGE // 8):
        with Lmtp(fault.service.lmtp) as lmtp:
            lmtp.begin(["ana@example.org", "eve@example.org"])
            lmtp.send(message("half", octets))
            time.sleep(0.2)
            fault.service.kill_worker()
            assert lmtp.rest() == b""
        fault.service.wait_until_ready()
        assert fault.present() == 0
    fault.deliver(message("whole"))
    assert fault.present() == 1
    fault.check()


# PostgreSQL dies


def test_in_the_middle_of_a_message_out(fault: Fault) -> None:
    text = message("large", LARGE)
    fault.deliver(text)
    with signed_in(fault) as client:
        assert client.command("RETR 1").startswith(b"+OK")
        first = [client.file.readline() for _ in range(1000)]
        restart(fault, 3)
        whole = b"".join(first) + b"".join(line + b"\r\n" for line in client.lines())
        assert whole.endswith(text)
        assert len(whole) - len(text) < 200
        assert client.command("DELE 1").startswith(b"+OK")
        until(lambda: client.command("NOOP").startswith(b"+OK") and fault.rows("SELECT id FROM mailstore_session"))
        assert client.command("QUIT").startswith(b"+OK")
    assert fault.present() == 0
    fault.check()


def test_in_the_middle_of_a_message_out_and_for_long(fault: Fault) -> None:
    fault.deliver(message("large", LARGE))
    with signed_in(fault) as client:
        client.socket.settimeout(60)
        client.send(b"RETR 1\r\nNOOP\r\n")
        assert client.line().startswith(b"+OK")
        fault.database.kill()
        rest = client.rest()
        assert b"-ERR" not in rest
        assert not rest.endswith(b"\r\n.\r\n")
        assert 0 < len(rest) < LARGE
    fault.database.start()
    with Pop3(fault.service.pop3) as client:
        until(lambda: client.login("ana@example.org").startswith(b"+OK"))
        assert client.command("STAT").startswith(b"+OK 1 ")
    fault.check()


@pytest.mark.parametrize("octets", [1000, LARGE // 4])
def test_in_the_middle_of_a_message_in(fault: Fault, octets: int) -> None:
    text = message("in", octets)
    with Lmtp(fault.service.lmtp) as lmtp:
        lmtp.begin(["ana@example.org"])
        lmtp.send(text[: octets // 2])
        time.sleep(0.3)
        fault.database.kill()
        lmtp.send(text[octets // 2 :] + b".\r\n")
        reply = lmtp.reply()
        fault.database.start()
        assert reply.startswith("451 4.3.0")
        until(lambda: lmtp.command("NOOP").startswith("250"))
        assert fault.present() == 0
        until(lambda: lmtp.deliver(message("after"), "ana@example.org") == ["250 2.0.0 Delivered"])
    assert fault.present() == 1
    fault.check()


class Sender(threading.Thread):
    """Delivers numbered messages one after the other, and remembers which were acknowledged."""

    def __init__(self, port: int, name: str, address: str) -> None:
        super().__init__(name=name)
        self._port = port
        self._address = address
        self.acknowledged: list[str] = []
        self.deferred = 0
        self.stop = threading.Event()

    def run(self) -> None:
        number = 0
        with Lmtp(self._port) as lmtp:
            while not self.stop.is_set():
                number += 1
                name = f"{self.name}-{number}"
                octets = 400_000 if number % 10 == 0 else 2000
                [reply] = lmtp.deliver(message(name, octets), self._address)
                if reply.startswith("250"):
                    self.acknowledged.append(name)
                else:
                    assert reply.startswith("451"), reply
                    self.deferred += 1
                    time.sleep(0.1)


def test_again_and_again_under_many_senders(fault: Fault) -> None:
    people = ["ana", "eve", "leo"]
    senders = [Sender(fault.service.lmtp, f"s{n}", f"{people[n % 3]}@example.org") for n in range(6)]
    for sender in senders:
        sender.start()
    for _ in range(3):
        time.sleep(1.0)
        restart(fault, 0.5)
    before = [len(sender.acknowledged) for sender in senders]
    until(lambda: all(len(s.acknowledged) > count for s, count in zip(senders, before, strict=True)))
    for sender in senders:
        sender.stop.set()
    for sender in senders:
        sender.join(60)
    there = {str(name).strip("<>") for (name,) in fault.rows("SELECT message_id FROM mailstore_message")}
    acknowledged = {name for sender in senders for name in sender.acknowledged}
    assert acknowledged <= there
    assert len(acknowledged) > 50
    assert sum(sender.deferred for sender in senders) > 0
    fault.check()


def poll(fault: Fault) -> bytes:
    with Pop3(fault.service.pop3) as client:
        return client.login("ana@example.org")


def test_under_many_clients_that_poll(fault: Fault) -> None:
    fault.deliver(message("one"))
    assert poll(fault).startswith(b"+OK")
    replies: list[bytes] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            replies.append(poll(fault))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    restart(fault, 3)
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert {re.sub(rb" .*", b"", reply.replace(b"-ERR [SYS/TEMP]", b"-ERR[SYS/TEMP]")) for reply in replies} == {
        b"+OK",
        b"-ERR[SYS/TEMP]",
    }
    assert replies[-1].startswith(b"+OK")
    assert fault.present() == 1
    assert "Traceback" not in fault.service.said()


class Drainer(threading.Thread):
    """Fetches and removes the first message again and again.

    `asked`: what it has told QUIT to remove; `removed`: what QUIT has acknowledged.
    """

    def __init__(self, port: int, address: str, seed: int) -> None:
        super().__init__()
        self._port = port
        self._address = address
        self._source = random.Random(seed)
        self.asked: set[str] = set()
        self.removed: set[str] = set()
        self.replies: set[bytes] = set()
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            with Pop3(self._port) as client:
                client.socket.settimeout(60)
                reply = client.login(self._address)
                self.replies.add(re.sub(rb"([]K]) .*", rb"\1", reply))
                if reply.startswith(b"+OK"):
                    self._drain(client)
            self.stop.wait(self._source.uniform(0.3, 1.0))

    def _drain(self, client: Pop3) -> None:
        name = client.command("UIDL 1").split()[-1].decode()
        if not client.command("RETR 1").startswith(b"+OK"):
            return
        list(client.lines())
        if client.command("DELE 1").startswith(b"+OK"):
            self.asked.add(name)
            if client.command("QUIT").startswith(b"+OK"):
                self.removed.add(name)


def test_half_a_minute_without_postgresql_under_two_hundred_clients(fault: Fault) -> None:
    people = ["ana", "eve", "leo"]
    fault.deliver(*[message(f"first-{number}") for number in range(100)], to="ana@example.org")
    senders = [Sender(fault.service.lmtp, f"t{n}", f"{people[n % 3]}@example.org") for n in range(20)]
    drainers = [Drainer(fault.service.pop3, f"{people[n % 3]}@example.org", n) for n in range(180)]
    everybody = [*senders, *drainers]
    for each in everybody:
        each.start()
    time.sleep(3)
    restart(fault, 30)
    before = [len(sender.acknowledged) for sender in senders]
    until(lambda: all(len(s.acknowledged) > count for s, count in zip(senders, before, strict=True)))
    time.sleep(2)
    for each in everybody:
        each.stop.set()
    for each in everybody:
        each.join(60)
        assert not each.is_alive()
    there = {str(name).strip("<>") for (name,) in fault.rows("SELECT message_id FROM mailstore_message")}
    assert {name for sender in senders for name in sender.acknowledged} <= there
    gone = {str(name) for (name,) in fault.rows("SELECT uidl FROM mailstore_message WHERE removed IS NOT NULL")}
    assert set().union(*[each.removed for each in drainers]) <= gone <= set().union(*[each.asked for each in drainers])
    assert gone
    replies = set().union(*[each.replies for each in drainers])
    assert {b"+OK", b"-ERR [SYS/TEMP]"} <= replies <= {b"+OK", b"-ERR [SYS/TEMP]", b"-ERR [IN-USE]"}
    fault.check()
