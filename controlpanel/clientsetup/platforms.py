"""On what a mail client runs, and what the reader seems to use."""

import re

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from controlpanel.clientsetup.client_facts import Client, Facts, Text
from controlpanel.clientsetup.clients import TABLE

CHIPS: tuple[tuple[str, Text], ...] = (
    ("windows", "Windows"),
    ("mac", "Mac"),
    ("linux", "Linux"),
    ("iphone", "iPhone, iPad"),
    ("android", "Android"),
    ("all", _("All mail clients")),
)
NAMES = {  # of Facts.platforms
    "windows": {"Windows"},
    "mac": {"macOS"},
    "linux": {"Linux"},
    "iphone": {"iOS", "iPadOS"},
    "android": {"Android"},
}
BROWSERS = (  # what a User-Agent says of the system, the narrower first
    (re.compile("iPhone|iPad"), "iphone"),
    (re.compile("Android"), "android"),
    (re.compile("Windows"), "windows"),
    (re.compile("Macintosh"), "mac"),
    (re.compile("Linux|X11"), "linux"),
)


def chosen(request: HttpRequest) -> str:
    """Return the system that was asked for, else the one that the browser names, else "all"."""
    asked = request.GET.get("show", "")
    if asked in dict(CHIPS):
        return asked
    agent = request.headers.get("user-agent", "")
    return next((name for pattern, name in BROWSERS if pattern.search(agent)), "all")


def clients_on(platform: str) -> list[tuple[Client, Facts]]:
    """Return the mail clients that run there, and always the way for any other."""
    wanted = NAMES.get(platform)
    return [
        (client, facts)
        for client, facts in TABLE.items()
        if wanted is None or not facts.platforms or wanted & set(facts.platforms)
    ]
