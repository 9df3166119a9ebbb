"""Log lines as key=value words: easy for eyes, grep and collectors alike."""

import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[!#-<>-~]+")  # printable ASCII but blank, = and "


def logfmt(words: Mapping[str, object]) -> str:
    """Return `words` as one line; a None is left out. What is not plain is quoted, so no value can forge another."""
    return " ".join(f"{key}={_value(value)}" for key, value in words.items() if value is not None)


def _value(value: object) -> str:
    text = str(value)
    if isinstance(value, int | float) or _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in escaped) + '"'
