"""Asking the DNS, with little patience, many names at once."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import dns.exception
import dns.resolver

SECONDS = 3.0
AT_ONCE = 12

Question = tuple[str, str]  # name, type


class UnansweredError(Exception):
    """No name server answered, or none could: that says nothing of the record."""


class Lookup(Protocol):
    """One question; a test brings answers of its own."""

    def __call__(self, name: str, kind: str) -> list[str]:
        """Return the values in presentation form, [] where there are none. Raises UnansweredError."""
        ...


def dns_lookup(name: str, kind: str) -> list[str]:
    """Ask the resolver of this machine."""
    resolver = dns.resolver.Resolver()
    resolver.lifetime = SECONDS
    try:
        answer = resolver.resolve(f"{name}.", kind, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise UnansweredError(name) from error
    return sorted(item.to_text() for item in answer.rrset or ())


class Answers:
    """What the DNS says, asked at most once a question."""

    def __init__(self, found: Mapping[Question, list[str] | None]) -> None:
        self._found = found

    def get(self, name: str, kind: str) -> list[str]:
        """Return the values, [] where there are none. Raises UnansweredError."""
        values = self._found[name, kind]
        if values is None:
            raise UnansweredError(name)
        return values

    def addresses(self, host: str) -> list[str]:
        """Return the addresses of a host, those of version 4 first. Raises UnansweredError if neither kind answers."""
        found, silent = [], 0
        for kind in ("A", "AAAA"):
            try:
                found += self.get(host, kind)
            except UnansweredError:
                silent += 1
        if silent and not found:
            raise UnansweredError(host)
        return found


def ask(questions: Iterable[Question], lookup: Lookup) -> Answers:
    """Ask all questions at once."""
    wanted = list(dict.fromkeys(questions))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Answers(dict(zip(wanted, pool.map(lambda question: _one(lookup, question), wanted), strict=True)))


def address_questions(*hosts: str) -> list[Question]:
    return [(host, kind) for host in hosts for kind in ("A", "AAAA")]


def _one(lookup: Lookup, question: Question) -> list[str] | None:
    try:
        return lookup(*question)
    except UnansweredError:
        return None
