"""Read settings from the environment; a bad value stops the start with one clear line.

Every NAME may also be given as NAME_FILE, a file that holds the value (Docker and systemd secrets).
"""

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = "127.0.0.0/8,::1"
UNIX = "unix:"
LONGEST_SOCKET_PATH = 107  # octets, unix(7)
HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
HEADER = re.compile(r"[!-9;-~]{1,76}:[ \t]*[!-~][ -~]*")
HOST_AND_PORT = re.compile(r"[A-Za-z0-9.\[\]:-]+")


def text(name: str, default: str = "") -> str:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "").strip() or default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read ({error.__class__.__name__}).") from None


def flag(name: str, default: bool = False) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    value = text(name).lower()
    if value and value not in words:
        raise ImproperlyConfigured(f"{name} is {value!r}; say yes or no.")
    return words.get(value, default)


def choice(name: str, *allowed: str) -> str:
    """Return the one of the allowed words that NAME is, by default the first."""
    value = text(name, allowed[0])
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; say {' or '.join(allowed)}.")
    return value


def number(name: str, default: int, least: int = 0) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a whole number of at least {least}.")
    return int(value)


def networks(name: str, default: str = "") -> list[Network]:
    """Return the comma-separated networks of NAME; a bare address is a network of one."""
    value = text(name, default)
    try:
        return [ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from None


def names(name: str, default: str = "") -> list[str]:
    """Return the comma-separated host names of NAME, lower case, without a final dot."""
    found = [part.strip().lower().removesuffix(".") for part in text(name, default).split(",") if part.strip()]
    for host in found:
        if not HOST_NAME.fullmatch(host):
            raise ImproperlyConfigured(f"{name}: {host!r} is no host name.")
    return found


def some_of(name: str, known: frozenset[str]) -> frozenset[str]:
    """Return the comma-separated words of NAME, each one of `known`."""
    found = frozenset(part.strip().lower() for part in text(name).split(",") if part.strip())
    if wrong := sorted(found - known):
        raise ImproperlyConfigured(f"{name} has {wrong[0]!r}; it takes some of: {', '.join(sorted(known))}.")
    return found


def web_url(name: str, default: str) -> str:
    """Return the http or https URL of NAME without a final slash."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not HOST_AND_PORT.fullmatch(parts.netloc):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a URL, as in https://mail.example.org.")
    return value


def issuer(name: str) -> str:
    """Return the URL of NAME as it is written, "" for none; in clear it may lead to this machine alone."""
    value = text(name)
    parts = urlsplit(value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
    if value and not (secure and parts.hostname and HOST_AND_PORT.fullmatch(parts.netloc) and not parts.query):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a URL, as in https://login.example.org/realm.")
    return value


def header(name: str) -> str:
    """Return the header field of NAME as `Name: value`, "" for none."""
    value = text(name)
    if value and not HEADER.fullmatch(value):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a header field, as in X-Spam-Flag: YES.")
    return value


def relay(name: str) -> str:
    """Return the smtp:// or smtps:// URL of NAME as it is written, "" for none. No fault shows its password."""
    value = text(name)
    if value and not _is_relay(value):
        raise ImproperlyConfigured(
            f"{name} takes smtp://USER:PASSWORD@HOST:PORT or smtps://…, user and port if wanted."
        )
    return value


def _is_relay(value: str) -> bool:
    try:
        parts = urlsplit(value)
        right_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    where = parts.netloc.rpartition("@")[2]
    whole = not (parts.path.strip("/") or parts.query or parts.fragment)
    known = parts.scheme in ("smtp", "smtps") and bool(parts.hostname and HOST_AND_PORT.fullmatch(where))
    return known and right_port and whole and bool(parts.password) <= bool(parts.username)


def bind(name: str, default: str) -> str:
    """Return HOST:PORT of NAME, the port checked; `[::1]:110` is IPv6, an empty host all addresses."""
    return _host_and_port(name, text(name, default))


def _host_and_port(name: str, value: str) -> str:
    host, colon, port = value.rpartition(":")
    if (
        not colon
        or not port.isascii()
        or not port.isdigit()
        or not 0 < int(port) < 65536
        or (":" in host and host[0] != "[")
    ):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes HOST:PORT, as in 127.0.0.1:1110 or [::]:110.")
    return value


def binds(name: str) -> list[str]:
    """Return the comma-separated listeners of NAME: HOST:PORT, or unix:/PATH for a socket in the file system."""
    return [_listener(name, part.strip()) for part in text(name).split(",") if part.strip()]


def _listener(name: str, value: str) -> str:
    if not value.startswith(UNIX):
        return _host_and_port(name, value)
    path = value.removeprefix(UNIX)
    if not path.startswith("/") or path.endswith("/") or not 1 < len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        raise ImproperlyConfigured(f"{name}: {value!r} is no socket; it looks like unix:/run/casilla/auth.")
    return value


def mode(name: str, default: str) -> int:
    """Return the file mode of NAME, written in octal digits."""
    value = text(name, default)
    if not re.fullmatch("0?[0-7]{3}", value):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes three octal digits, as in 0660.")
    return int(value, 8)


def port(address: str) -> int:
    """Return the port of what `bind` returned."""
    return int(address.rpartition(":")[2])


def database(url: str) -> dict[str, object]:
    """Turn a postgresql:// URL into Django's settings; the query part goes to libpq (sslmode, connect_timeout…)."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL takes postgresql://USER:PASSWORD@HOST:PORT/NAME.")
    options = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL: the port is not a number.") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }
