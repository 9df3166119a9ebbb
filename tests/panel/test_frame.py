"""The frame: language and colours, hosts, health, and the pages for what went wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client
from django.urls import path
from pytest_django import DjangoAssertNumQueries

from controlpanel import urls
from controlpanel.panel import health, hosts
from tests.panel.conftest import People
from tests.store.factories import make_domain


def browser(**headers: str) -> Client:
    return Client(headers={"host": "localhost", **headers}, raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "title"), [("es-AR,es;q=0.9", "Ingresar"), ("en", "Sign in"), ("pl", "Sign in")])
def test_the_browser_chooses_the_language(asked: str, title: str) -> None:
    page = browser(**{"accept-language": asked}).get("/sign-in/").text
    assert f"<title>{title} · Casilla</title>" in page


@pytest.mark.django_db
def test_a_choice_outlives_the_browsers_wish() -> None:
    client = browser(**{"accept-language": "en"})
    answer = client.post("/preferences/", {"language": "es", "next": "/sign-in/"})
    assert answer["Location"] == "/sign-in/"
    assert '<html lang="es"' in client.get("/sign-in/").text


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_a_choice_leads_back_into_the_panel_only(elsewhere: str) -> None:
    assert browser().post("/preferences/", {"theme": "dark", "next": elsewhere})["Location"] == "/"


@pytest.mark.django_db
def test_colours_are_in_the_page_before_any_script() -> None:
    client = browser()
    assert "data-bs-theme" not in client.get("/sign-in/").text
    client.post("/preferences/", {"theme": "dark"})
    assert '<html lang="en" data-bs-theme="dark">' in client.get("/sign-in/").text
    client.post("/preferences/", {"theme": "purple"})
    assert '<html lang="en" data-bs-theme="dark">' in client.get("/sign-in/").text
    client.post("/preferences/", {"theme": ""})
    assert "data-bs-theme" not in client.get("/sign-in/").text


def test_a_persons_choices_follow_them_to_another_browser(people: People) -> None:
    people.client("owner").post("/preferences/", {"theme": "dark", "language": "es"})
    page = people.client("owner").get(f"/mail/{people.mailbox.pk}/")
    assert '<html lang="es" data-bs-theme="dark">' in page.text
    assert page.cookies["theme"].value == "dark"
    assert page.cookies["django_language"].value == "es"


def test_what_is_theirs_stays_out_of_shared_caches(people: People) -> None:
    assert "no-store" in people.client("owner").get(f"/mail/{people.mailbox.pk}/")["Cache-Control"]


def test_nothing_inline_in_any_page(people: People) -> None:
    page = people.client("operator").get("/domains/")
    assert " style=" not in page.text
    assert "<style" not in page.text
    assert " onclick=" not in page.text
    assert "script-src 'self';" in page["Content-Security-Policy"] + ";"
    assert "unsafe" not in page["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_panel_answers_to_its_own_names_alone() -> None:
    make_domain("papelera.example")
    for host in ("localhost", "127.0.0.1:8000", "[::1]:8000", "papelera.example", "autoconfig.papelera.example"):
        assert browser(host=host).get("/sign-in/").status_code == 200, host
    for host in ("evil.example", "autoconfig.evil.example", "papelera.example.evil.example", "10.0.0.1", "a b"):
        answer = browser(host=host).get("/sign-in/")
        assert answer.status_code == 400, host
        assert "evil" not in answer.text


@pytest.mark.django_db
def test_a_host_is_looked_up_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_domain("papelera.example")
    door = hosts.Hosts(lambda request: pytest.fail("nobody is let in here"))
    with django_assert_num_queries(2):
        assert [door.known(name) for name in ("papelera.example", "evil.example") * 3] == [True, False] * 3


@pytest.mark.django_db
def test_health() -> None:
    answer = browser().get("/health")
    assert (answer.status_code, answer.text) == (200, "ok\n")


class Away:
    """A database that does not answer, as the wrapper of a connection's statements."""

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        raise OperationalError("the database is away: host=db password=hunter2")


@pytest.fixture
def away() -> Iterator[None]:
    with connection.execute_wrapper(Away()):
        yield


@pytest.mark.django_db
def test_health_says_that_the_database_is_away(away: None) -> None:
    answer = browser().get("/health")
    assert answer.status_code == 503
    assert "hunter2" not in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["/domains/", "/mailboxes/1/", "/sign-in/"])
def test_a_database_that_is_away_is_a_page_and_then_over(people: People, where: str) -> None:
    client = people.client("operator")
    client.raise_request_exception = False
    client.cookies["theme"] = "dark"
    with connection.execute_wrapper(Away()):
        answer = client.get(where, headers={"accept-language": "es"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "La base de datos no responde" in answer.text
    assert 'data-bs-theme="dark"' in answer.text
    assert "hunter2" not in answer.text
    assert client.get("/domains/").status_code == 200


def broken(request: HttpRequest) -> None:
    raise RuntimeError("secret inside")


def malformed(request: HttpRequest) -> None:
    raise BadRequest


def forbidden(request: HttpRequest) -> None:
    raise PermissionDenied


urlpatterns = [
    *urls.urlpatterns,
    path("broken/", broken),
    path("malformed/", malformed),
    path("forbidden/", forbidden),
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("where", "status", "words"),
    [
        ("/nowhere/", 404, "There is nothing here"),
        ("/malformed/", 400, "This request was not understood"),
        ("/forbidden/", 403, "This is not yours to change"),
        ("/broken/", 500, "Something failed on our side"),
    ],
)
def test_pages_for_what_went_wrong_ask_no_database(people: People, where: str, status: int, words: str) -> None:
    client = people.client("owner")
    client.raise_request_exception = False
    answer = client.get(where)
    assert answer.status_code == status
    assert words in answer.text
    assert "secret inside" not in answer.text
    assert "ana@papelera.example" not in answer.text


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    answer = client.post("/preferences/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form was too old" in answer.text


def test_health_needs_no_sign_in() -> None:
    assert not health.health.login_required  # type: ignore[attr-defined]
