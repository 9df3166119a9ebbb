from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from controlpanel import checks
from controlpanel.environment import choice, networks

KEY = "k" * 50


def settings_of(**differing: Any) -> SimpleNamespace:
    usual = {
        "SECRET_KEY_GIVEN": KEY,
        "PANEL_BIND": "127.0.0.1:8000",
        "PUBLIC_HOST": "localhost",
        "TRUSTED_PROXIES": [],
        "LMTP_NETWORKS": [],
        "AUTH_NETWORKS": [],
        "PROXY_NETWORKS": [],
        "POP3_FROM_PANEL": "127.0.0.1:110",
        "SPARED_NETWORKS": [],
        "PLAIN_TEXT_LOGIN": False,
        "DEBUG": False,
        "RELAY_URL": "",
        "MAIL_FROM": "",
        "SUBMISSION_HOST": "",
        "SUBMISSION_PORT": 465,
        "PROFILE_CERT": "",
        "PROFILE_KEY": "",
    }
    return SimpleNamespace(**(usual | differing))


@pytest.fixture
def everybody(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("EVERYBODY", "0.0.0.0/0")
    return networks("EVERYBODY")


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PROXIES", "10.0.0.1")
    return networks("PROXIES")


def ids(settings: Any) -> list[str | None]:
    return [found.id for found in checks.faults(settings)]


def test_a_choice_is_one_of_its_words_and_by_default_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choice("KEY", "submit", "smtp") == "submit"
    monkeypatch.setenv("KEY", "smtp")
    assert choice("KEY", "submit", "smtp") == "smtp"
    monkeypatch.setenv("KEY", "pigeon")
    with pytest.raises(ImproperlyConfigured, match="KEY is 'pigeon'; say submit or smtp"):
        choice("KEY", "submit", "smtp")


def test_what_make_run_has_is_fit_to_serve() -> None:
    checks.fit_to_serve(settings_of())
    assert ids(settings_of()) == []


def test_what_stands_behind_a_proxy_is_fit_to_serve(proxies: Any) -> None:
    checks.fit_to_serve(settings_of(PANEL_BIND="0.0.0.0:8000", TRUSTED_PROXIES=proxies, PUBLIC_HOST="mail.example.org"))


@pytest.mark.parametrize(
    ("differing", "fault", "words"),
    [
        ({"SECRET_KEY_GIVEN": ""}, "casilla.E001", "SECRET_KEY is not set. Set it to"),
        ({"SECRET_KEY_GIVEN": "short"}, "casilla.E002", "SECRET_KEY is short."),
        ({"PANEL_BIND": "0.0.0.0:8000", "PUBLIC_HOST": "mail.example.org"}, "casilla.E003", "travel in clear"),
        ({"PANEL_BIND": ":8000", "PUBLIC_HOST": "mail.example.org"}, "casilla.E003", "travel in clear"),
        ({"PANEL_BIND": "[::]:8000", "PUBLIC_HOST": "mail.example.org"}, "casilla.E003", "travel in clear"),
        ({"PUBLIC_HOST": "mail example"}, "casilla.E006", "no host name"),
        ({"PUBLIC_HOST": "https://mail.example.org"}, "casilla.E006", "no host name"),
        ({"RELAY_URL": "smtp://localhost"}, "casilla.E008", "MAIL_FROM is not"),
        ({"MAIL_FROM": "Casilla <casilla@example.org>"}, "casilla.E009", "no address"),
    ],
)
def test_what_keeps_it_from_serving(differing: dict[str, Any], fault: str, words: str) -> None:
    settings = settings_of(**differing)
    assert ids(settings) == [fault]
    with pytest.raises(ImproperlyConfigured, match=words):
        checks.fit_to_serve(settings)


def test_what_is_open_to_others_is_no_demo(proxies: Any) -> None:
    settings = settings_of(PANEL_BIND="0.0.0.0:8000", TRUSTED_PROXIES=proxies, DEBUG=True)
    assert ids(settings) == ["casilla.E004", "casilla.E005"]


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "LMTP_NETWORKS", "PROXY_NETWORKS", "SPARED_NETWORKS"])
def test_everybody_is_nobody_to_trust(everybody: Any, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} is everybody"):
        checks.fit_to_serve(settings_of(**{name: everybody}))


def test_a_proxy_on_this_machine_stands_in_the_panels_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "127.0.0.1,10.0.0.0/8")
    here = networks("HERE")
    assert ids(settings_of(PROXY_NETWORKS=here)) == ["casilla.W002"]
    assert ids(settings_of(PROXY_NETWORKS=here, POP3_FROM_PANEL="10.0.0.9:110")) == []
    assert ids(settings_of(PROXY_NETWORKS=here[1:])) == []


def test_a_warning_stops_nothing() -> None:
    settings = settings_of(PLAIN_TEXT_LOGIN=True)
    assert ids(settings) == ["casilla.W001"]
    checks.fit_to_serve(settings)


@pytest.mark.parametrize(
    ("bind", "loopback"),
    [
        ("127.0.0.1:80", True),
        ("127.3.2.1:80", True),
        ("[::1]:80", True),
        ("localhost:80", True),
        ("[::]:80", False),
        (":80", False),
        ("192.0.2.1:80", False),
        ("panel.example:80", False),
    ],
)
def test_what_is_loopback(bind: str, loopback: bool) -> None:
    assert checks.is_loopback(bind) is loopback


def test_django_says_it_where_it_is_asked_for_a_deployment(settings: Any) -> None:
    settings.SECRET_KEY_GIVEN = ""
    assert "casilla.E001" in {found.id for found in run_checks(include_deployment_checks=True)}
    assert "casilla.E001" not in {found.id for found in run_checks()}
