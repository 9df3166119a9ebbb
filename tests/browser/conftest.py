"""A Chromium, a panel on a loopback port, and people who sign in to it. Without a Chromium they are skipped, loudly."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from controlpanel.accounts.models import User
from controlpanel.clientsetup.selftest import lookups
from controlpanel.launcher import catalogs
from tests.browser import demo
from tests.programs import need

# Playwright's own loop runs in this thread; the tests still use the ORM in it, between the browser's steps.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

FONTS = Path(__file__).with_name("fonts.conf")
ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
]
PEOPLE = {"operator": demo.OPERATOR, "administrator": demo.ADMINISTRATOR, "owner": demo.OWNER}

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a file: its loop stays in the main thread, where the next file may want one of its own."""
    path = need("chromium", "chromium-browser", "google-chrome")
    catalogs.compile_all()
    with sync_playwright() as playwright:
        environment = {**os.environ, "FONTCONFIG_FILE": str(FONTS)}
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, env=environment)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def plain_static_files() -> Iterator[None]:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that look at the DNS find nobody who answers: no test leaves this machine."""

    def unanswered(name: str, kind: str) -> list[str]:
        raise lookups.UnansweredError(name)

    monkeypatch.setattr(lookups, "dns_lookup", unanswered)


@pytest.fixture
def site(plain_static_files: None, live_server: LiveServer) -> Iterator[str]:
    """The panel's address, its database filled with the demo's people; it could send mail, and knows what spam is."""
    demo.people()
    with override_settings(
        RELAY_URL="smtp://127.0.0.1:1", MAIL_FROM="casilla@hosting.example", SPAM_HEADER="X-Spam-Flag: YES"
    ):
        yield str(live_server.url)


@pytest.fixture
def open_page(chromium: Browser, site: str) -> Iterator[Open]:
    """Open pages: `open_page("/domains/", "operator", width=360, scheme="dark", language="es")`.

    A message on the browser's console, such as a breach of the content security policy, fails the test.
    """
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def hear(page: Page, message: ConsoleMessage) -> None:
        its_own_status = "Failed to load resource" in message.text and message.location["url"] == page.url
        if message.type in {"error", "warning"} and not ("404" in message.text and its_own_status):
            said.append(f"{page.url}: {message.text}")

    def opened(
        where: str, role: str = "", *, width: int = 1280, scheme: str = "light", language: str = "en", **more: Any
    ) -> Page:
        context = chromium.new_context(
            base_url=site,
            viewport={"width": width, "height": 900 if width > 600 else 780},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
            **more,
        )
        contexts.append(context)
        if role:
            context.add_cookies([{"name": "sessionid", "value": session_of(role), "url": site}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: hear(page, message))
        page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
        page.goto(where)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def session_of(role: str) -> str:
    client = Client()
    client.force_login(User.objects.get(address=PEOPLE[role]))
    return client.cookies["sessionid"].value
