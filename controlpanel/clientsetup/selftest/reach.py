"""Where the panel may connect to when it looks at itself: the operator's own addresses, and no others."""

import ipaddress

from django.conf import settings

from controlpanel.clientsetup.selftest.lookups import Answers, Question, UnansweredError, address_questions

LOOPBACK = ["127.0.0.1", "::1"]


def own_hosts() -> list[str]:
    """The names that the operator set."""
    return list(dict.fromkeys([settings.PUBLIC_HOST.lower(), *settings.CHECKED_HOSTS]))


def questions(*hosts: str) -> list[Question]:
    """What to ask the DNS before `addresses` can say where these hosts may be reached."""
    return address_questions(*(host for host in (*own_hosts(), *hosts) if _literal(host) is None))


def addresses(host: str, answers: Answers) -> list[str]:
    """Return where the host may be reached: of its addresses those that the operator's hosts have.

    Raises UnansweredError.
    """
    own = {address for name in own_hosts() for address in _quietly(name, answers)}
    found = resolved(host, answers)
    return found if host in own_hosts() else [address for address in found if address in own]


def resolved(host: str, answers: Answers) -> list[str]:
    """Return the host's addresses, ours or not; this machine's if it is named localhost. Raises UnansweredError."""
    literal = _literal(host)
    return answers.addresses(host) if literal is None else literal


def _quietly(host: str, answers: Answers) -> list[str]:
    try:
        return resolved(host, answers)
    except UnansweredError:
        return []


def _literal(host: str) -> list[str] | None:
    if host == "localhost":
        return LOOPBACK
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return None
