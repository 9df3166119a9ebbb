"""Files for mail clients, the public help of a domain, a mailbox's set-up, a domain's DNS."""

import re

from django.urls import path, re_path, register_converter

from controlpanel.clientsetup.client_facts import Client
from controlpanel.clientsetup.service import LANGUAGES
from controlpanel.clientsetup.views import apple_profile, by_hand, check, domain, mailbox, outlook, public, well_known


class ClientConverter:
    """A mail client's key, as thunderbird-android."""

    regex = "|".join(sorted((client.value for client in Client), key=len, reverse=True))

    def to_python(self, value: str) -> Client:
        return Client(value)

    def to_url(self, value: str) -> str:
        return str(Client(value))


class LanguageConverter:
    regex = "|".join(LANGUAGES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def any_case(path: str) -> str:
    """Return a pattern for a path however its letters are written: makers of clients do not agree."""
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else re.escape(char) for char in path)


register_converter(ClientConverter, "client")
register_converter(LanguageConverter, "language")

urlpatterns = [
    path("mail/config-v1.1.xml", well_known.config_v1_1, name="autoconfig"),
    path("v1.1/mail/config-v1.1.xml", well_known.config_v1_1, name="autoconfig-nine"),  # Nine asks there
    path(".well-known/autoconfig/mail/config-v1.1.xml", well_known.config_v1_1, name="autoconfig-well-known"),
    path(".well-known/user-agent-configuration.json", well_known.user_agent_configuration, name="pacc"),
    re_path(f"^{any_case('autodiscover/autodiscover.xml')}$", outlook.pox, name="autodiscover"),
    re_path(f"^{any_case('autodiscover/autodiscover.json')}$", outlook.json_v2, name="autodiscover-json"),
    re_path(
        f"^{any_case('autodiscover/autodiscover.json/v1.0/')}(?P<address>[^/]{{1,400}})$",
        outlook.json_v2,
        name="autodiscover-json-for",
    ),
    path("caddy/ask", well_known.caddy_ask, name="caddy-ask"),
    path("help/<str:domain>/", public.start, name="help"),
    path("help/<str:domain>/colour.css", public.colour, name="help-colour"),
    path("help/<str:domain>/<language:language>/", public.clients_of, name="help-in"),
    path("help/<str:domain>/<language:language>/<client:client>/", public.client, name="help-client"),
    path("telephone/<str:token>/", apple_profile.telephone, name="telephone"),
    path("telephone/<str:token>/mail.mobileconfig", apple_profile.download, name="telephone-profile"),
    path("mail/<int:mailbox>/setup/", mailbox.choose, name="mailbox-setup"),
    path("mail/<int:mailbox>/setup/leaving/", mailbox.leaving, name="setup-leaving"),
    path("mail/<int:mailbox>/setup/profile/", apple_profile.offer, name="setup-profile"),
    path("mail/<int:mailbox>/setup/check/", check.check, name="setup-check"),
    path("mail/<int:mailbox>/setup/by-hand/", by_hand.talk, name="setup-by-hand"),
    path("mail/<int:mailbox>/setup/seen/<str:token>/", mailbox.seen, name="setup-seen"),
    path("mail/<int:mailbox>/setup/<client:client>/", mailbox.client, name="setup-client"),
    path("domains/<str:domain>/setup/", domain.clients, name="domain-setup"),
    path("domains/<str:domain>/dns/", domain.dns, name="domain-dns"),
    path("domains/<str:domain>/dns/dkim/", domain.dkim, name="domain-dkim"),
    path("domains/<str:domain>/dns/pacc/", domain.serve_pacc, name="domain-pacc"),
]
