"""Pure: texts of a row turned into what is meant: a quota, a language, aliases, a secret."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from controlpanel.importing.columns import plain
from controlpanel.mailboxes import octets
from controlpanel.mailboxes.changes.refused import ChangeRefused
from controlpanel.mailboxes.changes.rooms import DEFAULT, Quota

CLEAR, HASH = "p", "h"  # before a secret: what it is

_CLEAR_SCHEME = re.compile(r"\{(?:PLAIN|CLEARTEXT|CLEAR)\}(?P<password>.*)\Z", re.I | re.S)
_HASH = re.compile(r"\{[A-Za-z0-9][A-Za-z0-9._-]*\}.|\$(?:1|2[aby]|5|6|y|gy|7|argon2id?|argon2i|scrypt)\$")
_LANGUAGES = {
    "es": ("es", "spanish", "espanol", "castellano"),
    "en": ("en", "english", "ingles"),
}
NO_LIMIT = ("none", "unlimited", "nolimit", "ilimitado", "sinlimite", "infinite", "0")
_BETWEEN = re.compile(r"[\s,;|]+")


def secret_of(values: Mapping[str, str]) -> str:
    """Return the secret of a row, its kind before it: a hash as it came, or a password in clear. "": none."""
    given = values.get("hash") or values.get("password", "")
    clear = _CLEAR_SCHEME.match(given)
    if clear is not None:
        return CLEAR + clear["password"] if clear["password"] else ""
    if not given:
        return ""
    return (HASH if values.get("hash") or _HASH.match(given) else CLEAR) + given


def quota_of(words: str) -> Quota:
    """Return the octets that are meant; a bare number is octets, as in the exports of other programs."""
    if not words:
        return DEFAULT
    if plain(words) in NO_LIMIT or words == "-1":
        return None
    try:
        return octets.read(words)
    except octets.OctetsError as error:
        raise ChangeRefused("quota", error.sentence) from None


def language_of(words: str) -> str:
    """Return `es` for `es`, `es_AR`, `Español`; "" for nothing."""
    asked = plain(re.split(r"[-_]", words)[0])
    for code, names in _LANGUAGES.items():
        if asked in names:
            return code
    if asked:
        raise ChangeRefused("language", _("Write en or es."))
    return ""


def several(words: str) -> list[str]:
    """Return the addresses of a cell, with blanks, commas, semicolons or bars between them."""
    return [part for part in _BETWEEN.split(words) if part]


def names(words: str) -> list[str]:
    """Return the names of a cell, with commas, semicolons or bars between them."""
    return [part.strip() for part in re.split(r"[,;|]+", words) if part.strip()]
