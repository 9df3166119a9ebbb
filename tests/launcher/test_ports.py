"""Taken, forbidden and foreign addresses are named before the start; listeners answer after it."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controlpanel.launcher import certificate, ports
from controlpanel.launcher.errors import LauncherError


@contextmanager
def listener(serve: Callable[[socket.socket], object]) -> Iterator[str]:
    """HOST:PORT of a listener that hands its one client to `serve`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: serve(server.accept()[0]))
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def says(words: bytes) -> Callable[[socket.socket], None]:
    def serve(client: socket.socket) -> None:
        with client:
            client.sendall(words)
            client.recv(512)

    return serve


def free() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(LauncherError, match=f"^POP3_BIND: {taken} is taken by another program$"):
            ports.check_free({"PANEL_BIND": free(), "POP3_BIND": taken})


def test_two_of_ours_on_one_port() -> None:
    same = free()
    with pytest.raises(LauncherError, match=f"^LMTP_BIND: {same} is taken"):
        ports.check_free({"POP3_BIND": same, "LMTP_BIND": same})


def test_behind_a_proxy_the_probe_speaks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlpanel.settings.PROXY_NETWORKS", [ipaddress.ip_network("127.0.0.0/8")])
    heard: list[bytes] = []

    def serve(client: socket.socket) -> None:
        with client, client.makefile("rb") as lines:
            heard.append(lines.readline())
            client.sendall(b"+OK\r\n")
            heard.append(lines.readline())

    with listener(serve) as bind:
        assert ports.pop3_answers(ports.reachable(bind))
    assert heard == [b"PROXY UNKNOWN\r\n", b"QUIT\r\n"]


def test_an_address_of_another_machine() -> None:
    with pytest.raises(LauncherError, match=r"^POP3_BIND: 192\.0\.2\.1:1110 is not an address of this machine$"):
        ports.check_free({"POP3_BIND": "192.0.2.1:1110"})


def test_a_name_that_is_none() -> None:
    with pytest.raises(LauncherError, match=r"^POP3_BIND: no\.such\.host\.invalid:1110 cannot be listened on: "):
        ports.check_free({"POP3_BIND": "no.such.host.invalid:1110"})


def test_free_ports_stay_free() -> None:
    binds = {"PANEL_BIND": free(), "POP3_BIND": free()}
    ports.check_free(binds)
    ports.check_free(binds)


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("127.0.0.1:110", ("127.0.0.1", 110)),
        ("0.0.0.0:110", ("127.0.0.1", 110)),
        (":110", ("127.0.0.1", 110)),
        ("[::]:110", ("::1", 110)),
        ("192.0.2.7:24", ("192.0.2.7", 24)),
    ],
)
def test_where_a_listener_is_reached(bind: str, address: tuple[str, int]) -> None:
    assert ports.reachable(bind) == address


@pytest.mark.parametrize(
    ("name", "words", "answers"),
    [
        ("PANEL_BIND", b"HTTP/1.1 200 OK\r\n\r\nok\n", True),
        ("PANEL_BIND", b"HTTP/1.1 503 Service Unavailable\r\n\r\ndatabase away\n", False),
        ("PANEL_BIND", b"+OK ready\r\n", False),
        ("POP3_BIND", b"+OK ready\r\n", True),
        ("POP3_BIND", b"-ERR [SYS/TEMP] later\r\n", False),
        ("LMTP_BIND", b"220 ready\r\n", True),
        ("LMTP_BIND", b"550 5.7.1 not from here\r\n", True),
        ("LMTP_BIND", b"SSH-2.0\r\n", False),
    ],
)
def test_who_answers(name: str, words: bytes, answers: bool) -> None:
    with listener(says(words)) as bind:
        assert ports.PROBES[name](ports.reachable(bind)) is answers


def test_pop3_over_tls_answers(tmp_path: Path) -> None:
    chain = certificate.for_localhost(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, chain.with_name("privkey.pem"))

    def serve(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as tls:
            tls.sendall(b"+OK ready\r\n")
            tls.recv(512)

    with listener(serve) as bind:
        assert ports.pop3s_answers(ports.reachable(bind))


def test_nobody_answers() -> None:
    nobody = ports.reachable(free())
    assert not any(probe(nobody) for probe in ports.PROBES.values())
