"""Compile the translations (locale/*/LC_MESSAGES/*.po) without gettext, which a bare machine does not have.

    python -m controlpanel.launcher.catalogs

The files are GNU gettext's: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html and MO-Files.html.
"""

import ast
import re
import struct
from collections.abc import Iterator
from pathlib import Path

LOCALES = Path(__file__).resolve().parents[2] / "locale"
MAGIC = 0x950412DE
FIELD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])? (".*")')

Entry = dict[str, str]


def compile_all(locales: Path = LOCALES) -> list[Path]:
    """Write the .mo beside every .po that is newer; return those written."""
    written = []
    for po in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime <= po.stat().st_mtime:
            mo.write_bytes(binary(messages(po.read_text(encoding="utf-8"))))
            written.append(mo)
    return written


def entries(text: str) -> Iterator[Entry]:
    """The entries of a .po: `msgctxt`, `msgid`, `msgid_plural`, `msgstr0`…, and `flags`, each where there is one."""
    entry: Entry = {}
    field = ""
    for line in [*map(str.strip, text.splitlines()), ""]:
        if found := FIELD.fullmatch(line):
            field = found[1] + (found[2] or "0" if found[1] == "msgstr" else "")
            entry[field] = ast.literal_eval(found[3])
        elif line.startswith('"'):
            entry[field] += ast.literal_eval(line)
        elif line.startswith("#,"):
            entry["flags"] = line[2:]
        elif not line:
            if "msgid" in entry:
                yield entry
            entry = {}


def messages(text: str) -> dict[bytes, bytes]:
    """What a .mo holds: keys and translations in UTF-8, without what is fuzzy or untranslated."""
    return {_key(entry): _value(entry) for entry in entries(text) if translated(entry)}


def translated(entry: Entry) -> bool:
    """Whether an entry has all its words and nobody doubts them."""
    words = [text for field, text in entry.items() if field.startswith("msgstr")]
    return all(words) and "fuzzy" not in entry.get("flags", "")


def binary(catalog: dict[bytes, bytes]) -> bytes:
    """A .mo: a header of seven words, two tables of (length, offset), and the texts, each with a NUL after it."""
    keys = sorted(catalog)
    texts = [*keys, *(catalog[key] for key in keys)]
    offset = 28 + 8 * len(texts)
    table = []
    for text in texts:
        table += [len(text), offset]
        offset += len(text) + 1
    header = [MAGIC, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0]
    numbers = struct.pack(f"<{7 + len(table)}I", *header, *table)
    return numbers + b"".join(text + b"\0" for text in texts)


def _key(entry: Entry) -> bytes:
    context = entry["msgctxt"] + "\4" if "msgctxt" in entry else ""
    plural = "\0" + entry["msgid_plural"] if "msgid_plural" in entry else ""
    return (context + entry["msgid"] + plural).encode()


def _value(entry: Entry) -> bytes:
    return "\0".join(text for field, text in entry.items() if field.startswith("msgstr")).encode()


if __name__ == "__main__":
    for path in compile_all():
        print(f"Compiled {path.relative_to(LOCALES.parent)}")
