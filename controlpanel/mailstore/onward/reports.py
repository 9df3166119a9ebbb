"""Pure: what a bounce says, as far as it says it in the form of RFC 3464."""

import re
from typing import NamedTuple

from controlpanel.one_line import in_one_line

_RECIPIENT = re.compile(rb"(?im)^(?:original|final)-recipient[ \t]*:[ \t]*(?:rfc822|utf-8)[ \t]*;[ \t]*([^\r\n]+)")
_ACTION = re.compile(rb"(?im)^action[ \t]*:[ \t]*([a-z]+)")
_STATUS = re.compile(rb"(?im)^status[ \t]*:[ \t]*([245]\.\d{1,3}\.\d{1,3})")
_DIAGNOSTIC = re.compile(rb"(?im)^diagnostic-code[ \t]*:[ \t]*[^;\r\n]*;[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")


class Report(NamedTuple):
    """`recipients`: whom it names, lower case. `failed`: it is about a failure, not a delay or an arrival."""

    recipients: frozenset[str]
    failed: bool
    reply: str


def read(octets: bytes) -> Report:
    """Read a bounce, or its beginning. One that has no such form is about a failure of nobody that it names."""
    actions = {found.lower() for found in _ACTION.findall(octets)}
    status, diagnostic = _STATUS.search(octets), _DIAGNOSTIC.search(octets)
    said = diagnostic or status
    return Report(
        recipients=frozenset(_plain(found).strip("<>").lower() for found in _RECIPIENT.findall(octets)),
        failed=not actions or b"failed" in actions,
        reply=_plain(said[1]) if said else "",
    )


def _plain(octets: bytes) -> str:
    return in_one_line(octets.decode("utf-8", "replace"))
