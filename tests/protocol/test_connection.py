"""What stands between sockets and the core: who is let in, flow control, ends, faults, a stop."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from pop3service.pop3 import REPLIES, Session
from pop3service.requests import Finish, Login, ReadMessage
from pop3service.server import Limits, connection
from pop3service.server.connection import LINGER_SECONDS
from pop3service.signals import NEED_DATA, Farewell
from tests.protocol.scripted import NAME, SECRET, Store
from tests.protocol.serving import Client, House, ended, house, until

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def served(**settings: Any) -> Callable[[Callable[[House], Awaitable[None]]], Callable[[], None]]:
    """Run a test's coroutine beside a server with these settings."""

    def decorate(test: Callable[[House], Awaitable[None]]) -> Callable[[], None]:
        def run() -> None:
            async def main() -> None:
                async with house(**settings) as made:
                    await asyncio.wait_for(test(made), 30)

            asyncio.run(main())

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        return run

    return decorate


@served()
async def test_a_session_from_greeting_to_quit(made: House) -> None:
    client = await made.signed_in()
    assert await client.command("STAT") == b"+OK 4 209"
    client.send(b"RETR 1\r\nDELE 1\r\nQUIT\r\n")
    assert (await client.rest()).endswith(b"removed: 1.\r\n")
    await until(lambda: made.doors[0].closed)
    assert made.store.finished == Finish([1], [1])
    assert not made.server.connections
    assert made.server.census.unauthenticated == 0


@served()
async def test_octets_one_by_one_are_as_good_as_all_at_once(made: House) -> None:
    client = await made.client()
    for octet in f"USER {NAME}\r\nPASS {SECRET}\r\nSTAT\r\nQUIT\r\n".encode():
        client.send(bytes([octet]))
        await asyncio.sleep(0)
    replies = (await client.rest()).splitlines()
    assert [reply[:3] for reply in replies] == [b"+OK"] * 5


@served()
async def test_between_many_pipelined_commands_others_have_their_turn(made: House) -> None:
    client = await made.signed_in()
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        if not made.doors[0].closed:
            made.server.loop.call_soon(turn)

    [line] = made.server.connections
    commands = b"NOOP\r\n" * 5000 + b"QUIT\r\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "TURN_SECONDS", 0.0)
        line.get_buffer(0)[: len(commands)] = commands
        line.buffer_updated(len(commands))
        turn()
        assert line.busy
        assert len((await client.rest()).splitlines()) == 5001
    assert turns > 5000 // REPLIES


@served()
async def test_a_client_that_sends_no_more_still_gets_its_replies(made: House) -> None:
    client = await made.client()
    client.send(f"USER {NAME}\r\nPASS {SECRET}\r\nRETR 4\r\n".encode())
    client.writer.write_eof()
    assert (await client.rest()).endswith(b"line of four\r\n.\r\n")
    await until(lambda: made.doors[0].closed)
    assert ended(made.doors[0]) == ["lost"]


@served()
async def test_a_quit_before_login_is_no_lost_line(made: House) -> None:
    client = await made.client()
    client.send(b"QUIT\r\n")
    await client.rest()
    await until(lambda: made.doors[0].closed)
    assert ended(made.doors[0]) == ["quit"]


@served()
async def test_a_line_is_quiet_when_nothing_comes_goes_or_is_under_way(made: House) -> None:
    made.held = (ReadMessage,)
    client = await made.signed_in()
    line = made.doors[0].line
    await until(lambda: line.quiet_seconds > 0.02)
    await client.command("NOOP")
    await client.command("STAT")
    await until(lambda: line.quiet_seconds > 0)
    client.send(b"RETR 1\r\n")
    await until(lambda: made.doors[0].waiting)
    assert line.quiet_seconds == 0.0
    made.doors[0].release()
    await until(lambda: line.quiet_seconds > 0)


@served()
async def test_a_dead_peer_is_found_out_sooner_where_others_wait(made: House) -> None:
    await made.signed_in()
    line = made.doors[0].line
    asked = line._transport.get_extra_info("socket")

    def idle() -> tuple[int, int]:
        return (
            asked.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            asked.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        )

    assert asked.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert idle() == (60, 0)
    line.watch_closely()
    assert idle() == (10, 25_000)


@served()
async def test_who_talks_nonsense_is_told_from_a_lost_line(made: House) -> None:
    client = await made.client()
    client.send(b"GET / HTTP/1.1\r\n" * 5)
    await client.rest()
    await until(lambda: made.doors[0].closed)
    assert ended(made.doors[0]) == ["bad_commands"]


@served()
async def test_a_client_that_sends_no_more_while_the_store_is_asked_gets_its_reply(made: House) -> None:
    made.held = (Login,)
    client = await made.client()
    client.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
    client.writer.write_eof()
    await until(lambda: made.doors and made.doors[0].waiting)
    await asyncio.sleep(0.05)
    made.doors[0].release()
    assert (await client.rest()).count(b"+OK") == 3


@served()
async def test_before_a_long_wait_earlier_replies_leave(made: House) -> None:
    made.held = (Login,)
    client = await made.client()
    client.send(f"CAPA\r\nUSER {NAME}\r\nPASS {SECRET}\r\n".encode())
    await until(lambda: made.doors and made.doors[0].waiting)
    assert (await client.line()).startswith(b"+OK mail.example.org")
    while await client.line() != b".":
        pass
    assert (await client.line()).startswith(b"+OK")


@served()
async def test_an_answer_that_comes_when_the_client_is_gone_harms_nobody(made: House) -> None:
    made.held = (Login,)
    client = await made.client()
    client.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
    await until(lambda: made.doors and made.doors[0].waiting)
    client.reset()
    await until(lambda: made.doors[0].closed)
    made.doors[0].release()
    assert made.server.census.unauthenticated == 0


class Endless:
    """A core that always has something to say."""

    wants_input = True
    inside_reply = False

    def __init__(self) -> None:
        self.said = 0

    def receive(self, data: bytes) -> None: ...
    def next_event(self) -> bytes:
        self.said += 65536
        return b"x" * 65536

    def farewell(self, why: Farewell) -> bytes:
        return b""

    def take_output(self) -> bytes:
        return b""

    def lost(self) -> None: ...


def test_a_client_that_does_not_read_costs_bounded_memory() -> None:
    cores: list[Endless] = []

    def new_core(peer: object) -> Endless:
        cores.append(Endless())
        return cores[-1]

    @served(core=new_core)
    async def check(made: House) -> None:
        client = await made.client()
        client.writer.transport.pause_reading()
        await until(lambda: cores)
        before = -1
        while cores[0].said != before:
            before = cores[0].said
            await asyncio.sleep(0.1)
        [connection] = made.server.connections
        assert connection.unsent < 3 * 65536
        assert connection.busy

    check()


class Deaf(Endless):
    """A core that wants no input."""

    wants_input = False

    def next_event(self) -> Any:
        return NEED_DATA

    def receive(self, data: bytes) -> None:
        self.said += len(data)


def test_a_core_that_wants_no_input_gets_none() -> None:
    cores: list[Deaf] = []

    def new_core(peer: object) -> Deaf:
        cores.append(Deaf())
        return cores[-1]

    @served(core=new_core)
    async def check(made: House) -> None:
        client = await made.client()
        await until(lambda: cores)
        client.send(b"x" * 10_000_000)
        await asyncio.sleep(0.2)
        assert cores[0].said == 0

    check()


# Who is let in


@served(networks=[ipaddress.ip_network("192.0.2.0/24")], refusal=b"554 5.7.1 no\r\n")
async def test_from_other_networks_nobody_is_let_in(made: House) -> None:
    client = await made.client()
    assert await client.rest() == b"554 5.7.1 no\r\n"
    assert not made.doors


@served(limits=Limits(in_all=1))
async def test_one_too_many_is_told_so(made: House) -> None:
    first, client = await made.signed_in(), await made.client()
    assert (await client.rest()).startswith(b"-ERR [SYS/TEMP] ")
    await until(lambda: len(made.server.connections) == 1)
    assert len(made.doors) == 1
    assert (await first.command("NOOP")).startswith(b"+OK")


@served(limits=Limits(unauthenticated=1))
async def test_who_signs_in_makes_room(made: House) -> None:
    first = await made.client()
    await first.line()
    assert (await (await made.client()).rest()).startswith(b"-ERR")
    await first.command(f"USER {NAME}")
    await first.command(f"PASS {SECRET}")
    assert (await (await made.client()).line()).startswith(b"+OK")


@served(proxies=LOOPBACK, limits=Limits(per_address=1))
async def test_a_proxied_client_is_known_by_its_own_address(made: House) -> None:
    first = await made.client()
    first.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 110\r\nCAPA\r\n")
    assert (await first.line()).startswith(b"+OK")
    assert (await first.line()).startswith(b"+OK")
    assert [(peer.address, peer.loopback) for peer in made.peers] == [("192.0.2.7", False)]
    second = await made.client()
    second.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4712 110\r\n")
    assert (await second.rest()).startswith(b"-ERR")


@served(proxies=LOOPBACK, limits=Limits(unauthenticated_per_address=1))
async def test_one_address_has_only_so_many_that_have_not_signed_in(made: House) -> None:
    async def come(address: str) -> Client:
        client = await made.client()
        client.send(f"PROXY TCP4 {address} 192.0.2.1 4711 110\r\n".encode())
        return client

    first = await come("192.0.2.7")
    assert (await first.line()).startswith(b"+OK")
    assert (await (await come("192.0.2.7")).rest()).startswith(b"-ERR [SYS/TEMP]")
    assert (await (await come("192.0.2.8")).line()).startswith(b"+OK")
    await first.command("QUIT")
    await until(lambda: made.server.census.unauthenticated < 2)
    assert (await (await come("192.0.2.7")).line()).startswith(b"+OK")


@served(proxies=LOOPBACK)
async def test_a_proxy_that_sends_no_header_gets_no_word(made: House) -> None:
    client = await made.client()
    client.send(b"CAPA\r\n")
    assert await client.rest() == b""
    assert not made.doors


@served()
async def test_a_header_from_elsewhere_is_no_command(made: House) -> None:
    client = await made.client()
    client.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 110\r\n")
    await client.line()
    assert (await client.line()).startswith(b"-ERR")
    assert made.peers[0].address == "127.0.0.1"


@served(tls_from_start=True)
async def test_without_a_certificate_tls_from_the_start_is_not_served(made: House) -> None:
    client = await made.client()
    assert await client.rest() == b""
    assert not made.doors


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificates(tmp_path: Path, authority: trustme.CA) -> Path:
    pair = authority.issue_cert("mail.example.org")
    (tmp_path / "mail.example.org").mkdir()
    pair.private_key_pem.write_to_path(tmp_path / "mail.example.org" / "privkey.pem")
    pair.cert_chain_pems[0].write_to_path(tmp_path / "mail.example.org" / "fullchain.pem")
    return tmp_path


class Tls:
    """A client's TLS over memory, so that a test chooses what goes in one segment."""

    def __init__(self, client: Client, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        self.client = client
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._line = context.wrap_bio(self._in, self._out, server_hostname="mail.example.org")

    async def shake_hands(self, before: bytes = b"") -> None:
        while True:
            try:
                self._line.do_handshake()
            except ssl.SSLWantReadError:
                self.client.send(before + self._out.read())
                before = b""
                await self._feed()
            else:
                self.client.send(self._out.read())
                return

    async def command(self, line: str) -> bytes:
        self._line.write(f"{line}\r\n".encode())
        self.client.send(self._out.read())
        return await self.line()

    async def line(self) -> bytes:
        said = b""
        while not said.endswith(b"\r\n"):
            try:
                said += self._line.read()
            except ssl.SSLWantReadError:
                await self._feed()
        return said

    async def _feed(self) -> None:
        data = await asyncio.wait_for(self.client.reader.read(65536), 10)
        assert data, "the server closed"
        self._in.write(data)


def test_a_proxy_header_and_the_client_hello_in_one_segment(certificates: Path, authority: trustme.CA) -> None:
    @served(certificates=certificates, tls_from_start=True, proxies=LOOPBACK)
    async def check(made: House) -> None:
        tls = Tls(await made.client(), authority)
        await tls.shake_hands(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 995\r\n")
        assert (await tls.line()).startswith(b"+OK mail.example.org")
        assert made.peers[0].address == "192.0.2.7"
        assert made.peers[0].tls is not None

    check()


def test_stls_forgets_what_was_said_in_clear(certificates: Path, authority: trustme.CA) -> None:
    @served(certificates=certificates)
    async def check(made: House) -> None:
        client = await made.client()
        await client.line()
        await client.command(f"USER {NAME}")
        assert (await client.command("STLS")).startswith(b"+OK")
        tls = Tls(client, authority)
        await tls.shake_hands()
        assert (await tls.command(f"PASS {SECRET}")).startswith(b"-ERR")
        await tls.command(f"USER {NAME}")
        assert (await tls.command(f"PASS {SECRET}")).startswith(b"+OK")
        assert await tls.command("STAT") == b"+OK 4 209\r\n"
        assert (await tls.command("QUIT")).startswith(b"+OK")
        await until(lambda: made.doors[0].closed)

    check()


def test_what_is_no_handshake_ends_the_connection(certificates: Path) -> None:
    @served(certificates=certificates, tls_from_start=True)
    async def check(made: House) -> None:
        client = await made.client()
        client.send(b"USER ana\r\nPASS secret\r\n")
        await client.rest()
        await until(lambda: not made.server.connections)
        assert not made.doors

    check()


def test_a_client_that_ends_tls_has_ended_its_session(certificates: Path, authority: trustme.CA) -> None:
    @served(certificates=certificates, tls_from_start=True)
    async def check(made: House) -> None:
        tls = Tls(await made.client(), authority)
        await tls.shake_hands()
        await tls.line()
        with pytest.raises(ssl.SSLWantReadError):
            tls._line.unwrap()
        tls.client.send(tls._out.read())
        await until(lambda: made.doors[0].closed)
        assert ended(made.doors[0]) == ["lost"]

    check()


# The end


@served()
async def test_who_is_idle_is_ended_without_a_word(made: House) -> None:
    client = await made.signed_in()
    [connection] = made.server.connections
    connection.deadline = 0.0
    connection.expire()
    assert await client.rest() == b""
    assert ended(made.doors[0]) == ["idle"]


@served()
async def test_before_login_there_is_less_time(made: House) -> None:
    client = await made.client()
    await client.line()
    [connection] = made.server.connections
    now = asyncio.get_running_loop().time()
    assert 55 < connection.deadline - now <= 60
    await client.command(f"USER {NAME}")
    await client.command(f"PASS {SECRET}")
    assert 595 < connection.deadline - now <= 605


@served(lifetime=30.0)
async def test_no_session_outlives_its_lifetime(made: House) -> None:
    client = await made.signed_in()
    assert (await client.command("NOOP")).startswith(b"+OK")
    [connection] = made.server.connections
    assert connection.deadline - asyncio.get_running_loop().time() <= 30


@served(login_within=40.0)
async def test_no_login_takes_for_ever(made: House) -> None:
    client = await made.client()
    await client.line()
    [connection] = made.server.connections
    for _ in range(3):
        await client.command("CAPA")
        while await client.line() != b".":
            pass
    assert connection.deadline - asyncio.get_running_loop().time() <= 40


@served()
async def test_who_waits_for_the_store_is_not_idle(made: House) -> None:
    made.held = (Login,)
    client = await made.client()
    client.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
    await until(lambda: made.doors and made.doors[0].waiting)
    [connection] = made.server.connections
    connection.deadline = 0.0
    connection.expire()
    made.doors[0].release()
    for _ in range(3):
        assert (await client.line()).startswith(b"+OK")


def test_last_words_that_nobody_reads_do_not_keep_a_connection() -> None:
    @served(core=lambda peer: Endless())
    async def check(made: House) -> None:
        client = await made.client()
        client.writer.transport.pause_reading()
        await until(lambda: made.server.connections and next(iter(made.server.connections)).busy)
        [connection] = made.server.connections
        connection.end(Farewell.SHUTDOWN, "shutdown")
        assert connection.deadline <= asyncio.get_running_loop().time() + LINGER_SECONDS
        await asyncio.sleep(0)
        assert made.server.connections
        connection.expire()
        await until(lambda: not made.server.connections)

    check()


@served()
async def test_a_session_ended_from_the_panel_is_told_so(made: House) -> None:
    client = await made.signed_in()
    made.doors[0].line.end(Farewell.ENDED, "panel")
    assert (await client.rest()).startswith(b"-ERR [SYS/TEMP] ")
    assert ended(made.doors[0]) == ["panel"]


@served()
async def test_a_fault_of_ours_ends_one_session_and_no_other(made: House) -> None:
    client, other = await made.signed_in(), await made.signed_in()
    made.doors[0].ask = None  # type: ignore[assignment]
    assert (await client.command("LIST")).startswith(b"-ERR [SYS/TEMP] ")
    assert await client.rest() == b""
    assert ended(made.doors[0]) == ["fault"]
    assert await other.command("STAT") == b"+OK 4 209"


@served(store=Store(instead={ReadMessage: b"too short\r\n"}))
async def test_a_store_that_contradicts_itself_never_ends_a_message(made: House) -> None:
    client = await made.signed_in()
    made.store.reading = [b""]
    client.send(b"RETR 1\r\n")
    assert not (await client.rest()).endswith(b".\r\n")
    await until(lambda: made.doors[0].closed)
    assert ended(made.doors[0]) == ["fault"]


# A stop


@served()
async def test_a_stop_says_farewell_to_who_waits_and_lets_quit_finish(made: House) -> None:
    made.held = (Finish,)
    idle, quitting = await made.signed_in(), await made.signed_in()
    await quitting.command("LIST")
    quitting.send(b"DELE 1\r\nQUIT\r\n")
    await until(lambda: made.doors[1].waiting)
    stop = asyncio.create_task(made.server.stop(10))
    assert (await idle.rest()).startswith(b"-ERR [SYS/TEMP] ")
    assert not stop.done()
    made.doors[1].release()
    assert (await quitting.rest()).endswith(b"removed: 1.\r\n")
    await stop
    assert not made.server.connections
    with pytest.raises(ConnectionRefusedError):
        await made.client()


@served()
async def test_a_stop_has_an_end(made: House) -> None:
    made.held = (Login,)
    client = await made.client()
    client.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
    await until(lambda: made.doors and made.doors[0].waiting)
    await made.server.stop(0.2)
    assert not made.server.connections


def test_the_core_of_these_tests_is_the_real_one() -> None:
    async def main() -> None:
        async with house() as made:
            await made.client()
            await until(lambda: made.server.connections)
            [connection] = made.server.connections
            assert isinstance(connection._core, Session)

    asyncio.run(main())
