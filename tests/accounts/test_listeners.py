"""Settings that name listeners: by host and port, or in the file system."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from controlpanel import environment


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", []),
        (" , ", []),
        ("unix:/run/casilla/auth", ["unix:/run/casilla/auth"]),
        ("unix:/run/a b, [::1]:2425,127.0.0.1:2426", ["unix:/run/a b", "[::1]:2425", "127.0.0.1:2426"]),
    ],
)
def test_listeners(monkeypatch: pytest.MonkeyPatch, written: str, found: list[str]) -> None:
    monkeypatch.setenv("AUTH_BIND", written)
    assert environment.binds("AUTH_BIND") == found


@pytest.mark.parametrize(
    "written", ["unix:", "unix:/", "unix:run/auth", "unix:/run/auth/", "unix:/" + "x" * 107, "/run/auth", "host", ":0"]
)
def test_what_is_no_listener_stops_the_start(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("AUTH_BIND", f"127.0.0.1:2425,{written}")
    with pytest.raises(ImproperlyConfigured, match="AUTH_BIND"):
        environment.binds("AUTH_BIND")


@pytest.mark.parametrize(("written", "mode"), [("", 0o660), ("0666", 0o666), ("600", 0o600)])
def test_modes(monkeypatch: pytest.MonkeyPatch, written: str, mode: int) -> None:
    monkeypatch.setenv("SOCKET_MODE", written)
    assert environment.mode("SOCKET_MODE", "0660") == mode


@pytest.mark.parametrize("written", ["rw", "888", "0o660", "66", "07777"])
def test_what_is_no_mode_stops_the_start(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("SOCKET_MODE", written)
    with pytest.raises(ImproperlyConfigured, match="SOCKET_MODE"):
        environment.mode("SOCKET_MODE", "0660")
