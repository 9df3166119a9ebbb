"""What each mail client does and asks: the words of its screens, in their order, and its default about deleting.

The order of fields was read from the clients' own screens and sources (Thunderbird's accountHubEmailIncomingForm,
Claws' wizard.c, KMail's ManualConfigurationPage.qml, K-9's DefaultDeletePolicyProvider, Evolution's
camel-pop3-settings.c, OVH's and mailcow's guides). A default that nobody documents is called VARIES, not guessed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

from controlpanel.clientsetup.service import Security

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Text: TypeAlias = "str | StrPromise"


class Client(StrEnum):
    THUNDERBIRD = "thunderbird"
    OUTLOOK_CLASSIC = "outlook-classic"
    OUTLOOK_NEW = "outlook-new"
    APPLE_MAIL = "apple-mail"
    IPHONE = "iphone"
    CLAWS = "claws"
    KMAIL = "kmail"
    EVOLUTION = "evolution"
    THUNDERBIRD_ANDROID = "thunderbird-android"
    OTHER = "other"


class Quickest(StrEnum):
    """The way with the least typing that works for POP3."""

    AUTOCONFIG = "autoconfig"
    PROFILE = "profile"
    QR = "qr"
    SRV = "srv"
    BY_HAND = "by-hand"


class Deletes(StrEnum):
    """When a client removes fetched mail from the server if nobody changes its setting."""

    NEVER = "never"
    AFTER_DAYS = "after-days"
    AT_ONCE = "at-once"
    VARIES = "varies"


class Slot(StrEnum):
    """Which value of the description a field of a client takes."""

    NAME = "name"
    ADDRESS = "address"
    USER = "user"
    PASSWORD = "password"
    PROTOCOL = "protocol"
    AUTHENTICATION = "authentication"
    MECHANISMS = "mechanisms"
    ON = "on"
    OFF = "off"
    IN_HOST = "in-host"
    IN_PORT = "in-port"
    IN_SECURITY = "in-security"
    IN_HOST_PORT = "in-host-port"
    OUT_HOST = "out-host"
    OUT_PORT = "out-port"
    OUT_SECURITY = "out-security"
    OUT_HOST_PORT = "out-host-port"


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand on one screen of a client; `sending` ones are left out of a service that only receives."""

    title: Text
    fields: tuple[tuple[Text, Slot], ...]
    sending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One client. `keep`, `keep_days` (with {days}) and `remove` say what to set for each retention."""

    name: Text
    platforms: tuple[str, ...]
    quickest: Quickest
    steps: tuple[Text, ...]
    groups: tuple[Group, ...]
    security: dict[Security, Text]
    authentication: Text
    deletes: Deletes
    default_days: int | None = None
    default: Text
    keep: Text
    keep_days: Text
    remove: Text
    existing: tuple[Text, ...]
    caveats: tuple[Text, ...] = ()
    largest_port: int = 65535
    automatic_retention: bool = False  # the quickest way sets the retention too


INCOMING = _("Incoming server")
OUTGOING = _("Outgoing server")
ACCOUNT = _("Account")

TLS_WORDS: dict[Security, Text] = {Security.TLS: "SSL/TLS", Security.STARTTLS: "STARTTLS"}
