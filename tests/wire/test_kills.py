"""kill -9 of the worker, of gunicorn above it and of PostgreSQL at each step: login, RETR, QUIT and DATA.

What was acknowledged is there, what was not asked for is not removed, nothing is said that is not true, and the
service comes back.
"""

import random
import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.wire.clients import Lmtp, Pop3, until
from tests.wire.house import Fault, message, restart, signed_in
from tests.wire.service import greets

pytestmark = [pytest.mark.torture, pytest.mark.timeout(180)]

LARGE = 8 * 2**20
TIMES = 3
SOURCE = random.Random(5034)


def kill_worker(fault: Fault) -> None:
    fault.service.kill_worker()


def kill_master(fault: Fault) -> None:
    """Nobody watches the worker any more: it ends by itself, and gives its ports to the next start."""
    service = fault.service
    service.master.kill()
    service.master.wait(20)
    until(lambda: not greets(service.pop3))
    service.start()


def kill_postgres(fault: Fault) -> None:
    restart(fault, 0.2)


Kill = Callable[[Fault], None]
KILLS = [kill_worker, kill_master, kill_postgres]
by_all = pytest.mark.parametrize("kill", KILLS, ids=lambda kill: kill.__name__)


def soon(fault: Fault, kill: Kill) -> None:
    """Kill within the next hundredths of a second."""
    time.sleep(SOURCE.uniform(0, 0.03))
    kill(fault)


def recovered(fault: Fault) -> None:
    """The service is there, takes mail and gives it."""
    fault.service.wait_until_ready()
    before = fault.present()

    def delivers() -> bool:
        with Lmtp(fault.service.lmtp) as lmtp:
            return lmtp.deliver(message("after"), "eve@example.org") == ["250 2.0.0 Delivered"]

    def logs_in() -> bool:
        with Pop3(fault.service.pop3) as client:
            return client.login("ana@example.org").startswith(b"+OK") and client.command("STAT").startswith(b"+OK")

    until(logs_in)
    until(delivers)
    assert fault.present() == before + 1
    fault.check()


@by_all
def test_login(fault: Fault, kill: Kill) -> None:
    fault.deliver(message("one"))
    for _ in range(TIMES):
        with Pop3(fault.service.pop3) as client:
            client.send(b"USER ana@example.org\r\nPASS secret\r\nSTAT\r\n")
            soon(fault, kill)
            replies = [line_or_cut(client) for _ in range(3)]
        assert all(re.match(rb"\+OK|-ERR|\Z", reply) for reply in replies)
        assert not replies[2].startswith(b"+OK 0")
        recovered(fault)


def line_or_cut(client: Pop3) -> bytes:
    """A line, b"" where the connection was cut: a process that dies with commands unread resets it."""
    try:
        return client.line()
    except ConnectionError:
        return b""


@by_all
def test_retr(fault: Fault, kill: Kill) -> None:
    text = message("large", LARGE)
    fault.deliver(text)
    for _ in range(TIMES):
        with signed_in(fault) as client:
            client.socket.settimeout(60)
            client.send(b"RETR 1\r\nDELE 1\r\n")
            opening = client.line()
            soon(fault, kill)
            lines = whole_or_cut(client) if opening.startswith(b"+OK") else []
        assert not lines or lines[-1] != b".\r\n" or b"".join(lines[:-1]).endswith(text)
        assert not any(line.startswith(b"-ERR") for line in lines)
        recovered(fault)
        assert fault.rows("SELECT count(*) FROM mailstore_message WHERE removed IS NOT NULL") == [(0,)]


def whole_or_cut(client: Pop3) -> list[bytes]:
    """The lines of a reply as far as it came."""
    lines: list[bytes] = []
    with suppress(ConnectionError):
        while line := client.file.readline():
            lines.append(line)
            if line == b".\r\n":
                break
    return lines


@by_all
def test_quit(fault: Fault, kill: Kill) -> None:
    for _ in range(TIMES):
        fault.deliver(*[message(str(number)) for number in range(10)], to="leo@example.org")
        before = fault.present()
        with signed_in(fault, "leo@example.org") as client:
            client.send(b"".join(b"DELE %d\r\n" % number for number in range(1, 11)))
            assert all(client.line().startswith(b"+OK") for _ in range(10))
            client.send(b"QUIT\r\n")
            soon(fault, kill)
            reply = client.rest()
        fault.service.wait_until_ready()
        left = fault.present()
        assert left in (before - 10, before)
        assert left == before - 10 or b"+OK" not in reply
        empty(fault, "leo@example.org")
        recovered(fault)


def empty(fault: Fault, address: str) -> None:
    """Remove what is left, as a client does that comes again."""

    def emptied() -> bool:
        with Pop3(fault.service.pop3) as client:
            if not client.login(address).startswith(b"+OK"):
                return False
            for number in range(1, int(client.command("STAT").split()[1]) + 1):
                client.command(f"DELE {number}")
            return client.command("QUIT").startswith(b"+OK")

    until(emptied)


@by_all
@pytest.mark.parametrize("octets", [1000, LARGE // 8])
def test_data(fault: Fault, kill: Kill, octets: int) -> None:
    for number in range(TIMES):
        before = fault.present()
        with Lmtp(fault.service.lmtp) as lmtp:
            assert lmtp.begin(["ana@example.org"])[-1].startswith("354")
            lmtp.text(message(f"{number}", octets))
            soon(fault, kill)
            reply = first_line(lmtp)
        fault.service.wait_until_ready()
        assert fault.present() - before in ((1,) if reply.startswith("250") else (0, 1))
        assert re.match(r"250 |451 |\Z", reply)
        recovered(fault)


def first_line(lmtp: Lmtp) -> str:
    try:
        return lmtp.line().decode()
    except ConnectionError:
        return ""
