from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from controlpanel.accounts.models import User
from controlpanel.clients_address import ClientAddressMiddleware, client_address, true_address

PROXIES = [ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]
HOME, FORGED = "203.0.113.7", "198.51.100.66"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (HOME, "", HOME),
        (HOME, FORGED, HOME),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", HOME, HOME),
        ("127.0.0.1", f"{FORGED}, {HOME}", HOME),
        ("127.0.0.1", f"{FORGED}, {HOME}, 10.1.2.3", HOME),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", f"{FORGED}, unknown", "127.0.0.1"),
        ("127.0.0.1", f"{FORGED}, , 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("2001:db8:ffff::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:127.0.0.1", HOME, HOME),
        ("127.0.0.1", f"::ffff:{HOME}", HOME),
        ("127.0.0.1", ", ".join([FORGED] * 40 + ["10.0.0.1"] * 20), "10.0.0.1"),
        ("", HOME, None),
        ("", "", None),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, address: str | None) -> None:
    assert true_address(peer, forwarded, PROXIES) == address


def test_without_proxies_nobody_is_believed() -> None:
    assert true_address("127.0.0.1", HOME, []) == "127.0.0.1"


def asked(**meta: str) -> HttpRequest:
    seen: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    ClientAddressMiddleware(answer)(RequestFactory().get("/", **meta))
    return seen[0]


def test_a_proxys_words_are_heard_and_a_strangers_dropped(settings: Any) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    words = {
        "HTTP_X_FORWARDED_FOR": f"{FORGED}, {HOME}",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_FORWARDED": f"for={FORGED}",
        "HTTP_X_REAL_IP": FORGED,
    }
    proxied = asked(REMOTE_ADDR="127.0.0.1", **words)
    assert client_address(proxied) == HOME
    assert proxied.is_secure()
    strangers = asked(REMOTE_ADDR="192.0.2.9", **words)
    assert client_address(strangers) == "192.0.2.9"
    assert not strangers.is_secure()
    for request in (proxied, strangers):
        assert not [name for name in request.META if name.startswith("HTTP_X_FORWARDED_H") or "REAL_IP" in name]
        assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_the_nearest_proxy_says_the_scheme(settings: Any) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    assert not asked(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_PROTO="https, http").is_secure()
    assert asked(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_PROTO="http, https").is_secure()


def test_a_socket_in_the_file_system_has_no_address(settings: Any) -> None:
    request = asked(REMOTE_ADDR="")
    assert client_address(request) is None


@pytest.mark.django_db
def test_an_actor_is_who_asks_and_from_where() -> None:
    from controlpanel.accounts.actor import actor_of

    request = asked(REMOTE_ADDR=HOME)
    request.user = User.objects.create_user("ana@example.org")
    assert actor_of(request).address == HOME
    assert actor_of(request).user == request.user
