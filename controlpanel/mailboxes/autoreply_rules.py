"""Who may get an automatic reply: a person who wrote to this mailbox, and nobody else (RFC 3834, RFC 5230 section 4.6).

Pure. A reply goes to the envelope sender, under an empty one, so that nothing answers it (RFC 3834 sections 3.3 and 4).
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from controlpanel.accounts.addresses import canonical_or_none

PERIOD = timedelta(days=4)  # one reply a sender
HEADER_LIMIT = 64 * 1024  # characters of one header that are looked at

# What names itself a program, before a sub-address or a VERP tail (RFC 3834 section 2, RFC 5230 section 4.6)
ROBOTS = frozenset(
    {"mailer-daemon", "daemon", "postmaster", "listserv", "majordomo", "nobody", "root", "www-data", "double-bounce"}
    | {"noreply", "no-reply", "no.reply", "no_reply", "donotreply", "do-not-reply", "bounce", "bounces"}
    | {"noresponder", "no-responder", "no_responder"}
)
ROBOT_BEGINNINGS = ("owner-", "bounce-", "bounces-", "noreply-", "no-reply-")
ROBOT_ENDS = ("-request", "-owner", "-bounce", "-bounces", "-errors", "-relay", "-noreply", "-no-reply")
EZMLM = re.compile(r"-return-\d+-")

LIST_HEADERS = frozenset(
    {
        "list-id",
        "list-help",
        "list-subscribe",
        "list-unsubscribe",
        "list-post",
        "list-owner",
        "list-archive",
    }  # RFC 2369
    | {"mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version"}
)
REPLY_HEADERS = frozenset({"x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponse"})
ADDRESSED_BY = frozenset({"to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"})  # RFC 5230 section 4.5
BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
SUPPRESSED = frozenset({"all", "oof", "autoreply"})  # [MS-OXCMAIL] X-Auto-Response-Suppress
SEPARATORS = re.compile(r"[\s<>(),;:\"\[\]]+")


class Silence(StrEnum):
    """Why no reply is sent."""

    NO_SENDER = "no_sender"
    OWN_ADDRESS = "own_address"
    ROBOT = "robot"
    AUTO_SUBMITTED = "auto_submitted"
    REPORT = "report"
    MAILING_LIST = "mailing_list"
    BULK = "bulk"
    SUPPRESSED = "suppressed"
    SPAM = "spam"
    NOT_ADDRESSED = "not_addressed"


def silence(sender: str, headers: Iterable[tuple[str, str]], own: Collection[str]) -> Silence | None:
    """Return why this message gets no reply, none where it may.

    `sender` is the envelope's, "" for none. `headers` are names and values as they came. `own` are the mailbox's
    addresses and those of its aliases, lower case; one with a sub-address is its own too.
    """
    seen: dict[str, list[str]] = {}
    for name, value in headers:
        seen.setdefault(name.strip().lower(), []).append(" ".join(value[:HEADER_LIMIT].split()))
    return _by_sender(sender, own) or _by_headers(seen) or _by_address(seen, own)


def due(last: datetime | None, now: datetime, period: timedelta = PERIOD) -> bool:
    """Tell whether a sender who had a reply at `last` may have another."""
    return last is None or now - last >= period


def _by_sender(sender: str, own: Collection[str]) -> Silence | None:
    address = sender.strip().strip("<>").lower()
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        return Silence.NO_SENDER
    if _whole(address) in own:
        return Silence.OWN_ADDRESS
    return Silence.ROBOT if _is_robot(local) else None


def _is_robot(local: str) -> bool:
    name = local.partition("+")[0]
    return (
        name in ROBOTS
        or name.startswith(ROBOT_BEGINNINGS)
        or name.endswith(ROBOT_ENDS)
        or EZMLM.search(name) is not None
    )


def _by_headers(seen: dict[str, list[str]]) -> Silence | None:
    words = {name: {word for value in values for word in _words(value)} for name, values in seen.items()}
    checks = {
        Silence.AUTO_SUBMITTED: _is_automatic(seen),
        Silence.REPORT: any(value.lower().startswith("multipart/report") for value in seen.get("content-type", [])),
        Silence.MAILING_LIST: not LIST_HEADERS.isdisjoint(seen),
        Silence.BULK: not BULK.isdisjoint(words.get("precedence", ())),
        Silence.SUPPRESSED: not SUPPRESSED.isdisjoint(words.get("x-auto-response-suppress", ())),
        Silence.SPAM: "yes" in words.get("x-spam-flag", set()) | words.get("x-spam-status", set()),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _is_automatic(seen: dict[str, list[str]]) -> bool:
    """RFC 3834 section 5: anything but "no", with a comment or parameters beside it or not."""
    submitted = [_keyword(value) for value in seen.get("auto-submitted", [])]
    return any(keyword != "no" for keyword in submitted) or not REPLY_HEADERS.isdisjoint(seen)


def _keyword(value: str) -> str:
    return re.sub(r"\([^()]*\)", " ", value).partition(";")[0].strip().lower()


def _words(value: str) -> list[str]:
    return re.split(r"[\s,;]+", value.lower())


def _by_address(seen: dict[str, list[str]], own: Collection[str]) -> Silence | None:
    """A copy by Bcc or by a list names somebody else (RFC 5230 section 4.5)."""
    named = (part for name in ADDRESSED_BY for value in seen.get(name, []) for part in SEPARATORS.split(value))
    return None if any("@" in part and _whole(part) in own for part in named) else Silence.NOT_ADDRESSED


def _whole(address: str) -> str:
    """Return an address as we write our own, without its sub-address; what is no address stays what it is."""
    address = address.lower() if address.isascii() else canonical_or_none(address) or address
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
