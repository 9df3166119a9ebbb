"""Read a Maildir that Dovecot kept: which messages, in which order, under which unique ids its POP3 clients know them.

Dovecot numbers messages in `dovecot-uidlist`: a header with the folder's validity (V), then a line a message with its
number, perhaps the unique id (P) and the order (O) that an older migration gave it, and its file. Its POP3 makes the
unique id of number and validity by `pop3_uidl_format`, `%08Xu%08Xv` unless chosen: the X is hexadecimal digits, small
ones.
"""

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DEFAULT_FORMAT = "%08Xu%08Xv"
UIDLIST = "dovecot-uidlist"
LONGEST_UIDL = 70  # RFC 1939 section 7

_FORMAT = re.compile(r"%(?P<width>0?\d*)(?P<hex>[Xx]?)(?P<what>[uvf%])")
_HEADER = re.compile(r"3 .*\bV(?P<validity>\d+)")
_UIDL = re.compile(r"[\x21-\x7e]{1,70}\Z", re.ASCII)
_GZIP = b"\x1f\x8b"


class MaildirError(ValueError):
    """A folder is not the Maildir that is meant. `str()` says why, in one line."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message of the Maildir, under the unique id that clients know."""

    file: Path
    uidl: str

    @property
    def received(self) -> datetime:
        """When it arrived: Dovecot keeps that as the file's time."""
        return datetime.fromtimestamp(int(self.file.stat().st_mtime), UTC)

    def octets(self) -> bytes:
        """Return the message as POP3 sends it: CRLF line ends, the last one too. Raises OSError, EOFError."""
        octets = self.file.read_bytes()
        if octets.startswith(_GZIP):  # Dovecot's zlib plugin
            octets = gzip.decompress(octets)
        octets = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


@dataclass(frozen=True, slots=True)
class _Numbered:
    uid: int
    uidl: str
    order: int


_NOTHING = _Numbered(0, "", 0)


def messages(folder: Path, uidl_format: str = DEFAULT_FORMAT) -> list[Kept]:
    """Return the messages in the order of Dovecot's POP3. Raises MaildirError.

    What no client has seen yet, because Dovecot has not numbered it, comes last, under an id made of its file's name.
    """
    folder = folder if (folder / "cur").is_dir() else folder / "Maildir"
    if not (folder / "cur").is_dir():
        raise MaildirError("There is no Maildir: a folder with cur, new and tmp in it.")
    files = dict(_files(folder))
    numbers = any(match["what"] in "uv" for match in _FORMAT.finditer(uidl_format))
    validity, numbered = _uidlist(folder, needed=numbers)
    known = sorted((it.order or 2**62, it.uid, base) for base, it in numbered.items() if base in files)
    kept = [Kept(files[base], _uidl(numbered[base], base, validity, uidl_format)) for _order, _uid, base in known]
    unseen = sorted(files.keys() - numbered.keys())
    return kept + [
        Kept(files[base], _made_id(base) if numbers else _uidl(_NOTHING, base, 0, uidl_format)) for base in unseen
    ]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each message's base name, which its flags are no part of, and its file."""
    for name in ("new", "cur"):
        for file in (folder / name).iterdir() if (folder / name).is_dir() else ():
            if not file.name.startswith("."):
                yield file.name.partition(":")[0], file


def _uidlist(folder: Path, *, needed: bool) -> tuple[int, dict[str, _Numbered]]:
    try:
        lines = (folder / UIDLIST).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        lines = []
    header = _HEADER.match(lines[0]) if lines else None
    if header is None:
        if needed:
            raise MaildirError(
                f"There is no {UIDLIST} of version 3 here: without it every mail client downloads everything again."
            )
        return 0, {}
    return int(header["validity"]), dict(_lines(lines[1:]))


def _lines(lines: list[str]) -> Iterator[tuple[str, _Numbered]]:
    for line in lines:
        numbers, found, name = line.partition(" :")
        uid, *fields = numbers.split(" ")
        if found and uid.isdigit():
            extra = {field[0]: field[1:] for field in fields if field}
            order = extra.get("O", "0")
            yield name.partition(":")[0], _Numbered(int(uid), extra.get("P", ""), int(order) if order.isdigit() else 0)


def _uidl(numbered: _Numbered, base: str, validity: int, uidl_format: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match["what"] in "%f":
            return "%" if match["what"] == "%" else base
        number = numbered.uid if match["what"] == "u" else validity
        return format(number, f"{match['width']}{'x' if match['hex'] else 'd'}")

    return _fitting(numbered.uidl or _FORMAT.sub(one, uidl_format))


def _fitting(uidl: str) -> str:
    if not _UIDL.match(uidl):
        raise MaildirError(f"{uidl[:80]!r} is no unique id: it takes 1 to {LONGEST_UIDL} characters without blanks.")
    return uidl


def _made_id(base: str) -> str:
    return "m" + hashlib.sha256(base.encode("utf-8", "surrogateescape")).hexdigest()[:24]
