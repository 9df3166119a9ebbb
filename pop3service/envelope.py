"""The addresses and parameters of MAIL and RCPT (RFC 5321 sections 4.1.1.2, 4.1.1.3 and 4.1.2; RFC 6531)."""

import re
from typing import NamedTuple

ADDRESS_OCTETS = 320  # 64 of local part, @, 255 of domain: RFC 5321 section 4.5.3.1

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\xa0-\U0010ffff-]"
# Dots where RFC 5321 has none (a..b@, .a@) are let through: such senders exist, and a recipient is looked up anyway.
_DOT_STRING = rf"(?:{_ATEXT}|\.)+"
_QUOTED = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e\xa0-\U0010ffff]|\\[\x20-\x7e])*"'
_LABEL = r"[A-Za-z0-9_\xa0-\U0010ffff](?:[A-Za-z0-9_\xa0-\U0010ffff-]*[A-Za-z0-9_\xa0-\U0010ffff])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL = r"\[[A-Za-z0-9:.-]+\]"
_ROUTE = rf"@{_DOMAIN}(?:,@{_DOMAIN})*:"
_PATH = re.compile(rf"<(?:{_ROUTE})?({_DOT_STRING}|{_QUOTED})@({_DOMAIN}|{_LITERAL})>")
_NO_SENDER = re.compile(r"<()()>")
_POSTMASTER = re.compile(r"<(postmaster)()>", re.IGNORECASE)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\xa0-\U0010ffff]+))?")


class MalformedError(ValueError):
    """An argument that is not what the command takes; the text is the reply."""


class Address(NamedTuple):
    """`text`: as it stood between the angle brackets, without a source route. `plain`: the local part unquoted."""

    text: str
    plain: str


class Envelope(NamedTuple):
    """What MAIL said. `size`: the octets it declared, 0 for none."""

    sender: str
    size: int = 0
    utf8: bool = False


def parse_mail(argument: bytes, limit: int) -> Envelope:
    """Read `FROM:<address> [parameters]`. `limit`: the largest message in octets.

    Raises MalformedError with the whole reply: 501, 552 5.3.4, 553 5.6.7 or 555.
    """
    address, parameters = _split(argument, "FROM:", "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]", _NO_SENDER)
    known = {"SIZE": r"[0-9]{1,20}", "BODY": "(?i:7BIT|8BITMIME)", "SMTPUTF8": None}
    values = _values(parameters, known)
    size = int(values.get("SIZE", 0))
    if size > limit:
        raise MalformedError(f"552 5.3.4 A message may be {limit} octets at most")
    _ask_utf8(address.text, "SMTPUTF8" in values)
    return Envelope(address.text, size, "SMTPUTF8" in values)


def parse_rcpt(argument: bytes, utf8: bool) -> Address:
    """Read `TO:<address>`. `utf8`: MAIL said SMTPUTF8.

    Raises MalformedError with the whole reply: 501, 553 5.6.7 or 555.
    """
    address, parameters = _split(argument, "TO:", "501 5.5.4 Syntax: RCPT TO:<address>", _POSTMASTER)
    _values(parameters, {})
    _ask_utf8(address.text, utf8)
    return address


def _split(argument: bytes, word: str, syntax: str, special: re.Pattern[str]) -> tuple[Address, list[str]]:
    try:
        text = argument.decode()
    except UnicodeDecodeError:
        raise MalformedError("501 5.5.2 The address is not UTF-8") from None
    if not text.upper().startswith(word):
        raise MalformedError(syntax)
    text = text[len(word) :].lstrip(" ")
    found = _PATH.match(text) or special.match(text)
    if found is None or text[found.end() :][:1] not in ("", " "):
        raise MalformedError(syntax)
    local, domain = found.groups()
    if len(local.encode()) > 64 or len(domain.encode()) > 255:
        raise MalformedError("501 5.1.3 The address is too long")
    whole = f"{local}@{domain}" if domain else local
    plain = f"{_unquoted(local)}@{domain}" if domain else local
    return Address(whole, plain), [part for part in text[found.end() :].split(" ") if part]


def _unquoted(local: str) -> str:
    return re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local


def _values(parameters: list[str], known: dict[str, str | None]) -> dict[str, str]:
    """Return the parameters by upper-case name; `known` has the pattern of each one's value, None for no value."""
    values: dict[str, str] = {}
    for parameter in parameters:
        found = _PARAMETER.fullmatch(parameter)
        if found is None:
            raise MalformedError("501 5.5.4 A parameter is NAME or NAME=value")
        name, value = found.group(1).upper(), found.group(2)
        if name not in known:
            raise MalformedError("555 5.5.4 A parameter is not known here")
        pattern = known[name]
        fits = value is None if pattern is None else value is not None and re.fullmatch(pattern, value)
        if name in values or not fits:
            raise MalformedError(f"501 5.5.4 {name} is given twice or has a wrong value")
        values[name] = value or ""
    return values


def _ask_utf8(address: str, utf8: bool) -> None:
    if not utf8 and not address.isascii():
        raise MalformedError("553 5.6.7 An address beyond ASCII wants SMTPUTF8")
