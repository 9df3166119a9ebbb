"""Read a Maildir that Dovecot kept: which messages, in which order, under which unique ids its POP3 clients know them.

Dovecot numbers messages in `dovecot-uidlist`: a header with the folder's validity (V), then a line a message with its
number, perhaps the unique id (P) and the order (O) that an older migration gave it, and its file. Its POP3 makes the
unique id of number and validity by `pop3_uidl_format`, `%08Xu%08Xv` unless chosen: the X is hexadecimal digits, small
ones.
"""

import errno
import gzip
import hashlib
import io
import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

DEFAULT_FORMAT = "%08Xu%08Xv"
UIDLIST = "dovecot-uidlist"
LARGEST_UIDLIST = 256 * 2**20  # octets
LARGEST = 512 * 2**20  # octets of a message, once decompressed
LONGEST_UIDL = 70  # RFC 1939 section 7

_FORMAT = re.compile(r"%(?P<width>0?\d*)(?P<hex>[Xx]?)(?P<what>[uvf%])")
_HEADER = re.compile(r"3 .*\bV(?P<validity>[0-9]{1,10})\b")
_NUMBER = re.compile(r"[0-9]{1,10}\Z")
_UIDL = re.compile(r"[\x21-\x7e]{1,70}\Z", re.ASCII)
_GZIP = b"\x1f\x8b"
_NO_DATE = 253_402_300_800  # seconds since 1970: the year 10000


class MaildirError(ValueError):
    """A folder is not the Maildir that is meant. `str()` says why, in one line."""


def _read(file: Path, most: int) -> bytes:
    """Read a file itself: who runs this may read more than who wrote the Maildir, and a link or a pipe is no message.

    Raises OSError.
    """
    with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        return _read_all(opened, most)


def _read_all(opened: IO[bytes] | gzip.GzipFile, most: int) -> bytes:
    octets = opened.read(most + 1)
    if len(octets) > most:
        raise OSError(errno.EFBIG, f"larger than {most >> 20} MiB")
    return octets


def _decompressed(octets: bytes) -> bytes:
    try:
        return _read_all(gzip.GzipFile(fileobj=io.BytesIO(octets)), LARGEST)
    except zlib.error as error:
        raise OSError(errno.EINVAL, str(error)) from None


@dataclass(frozen=True, slots=True)
class Kept:
    """A message of the Maildir, under the unique id that clients know."""

    file: Path
    uidl: str

    @property
    def received(self) -> datetime:
        """When it arrived: Dovecot keeps that as the file's time; one that is no date is that of 1970."""
        time = int(self.file.lstat().st_mtime)
        return datetime.fromtimestamp(time if 0 <= time < _NO_DATE else 0, UTC)

    def octets(self) -> bytes:
        """Return the message as POP3 sends it: CRLF line ends, the last one too. Raises OSError, EOFError."""
        octets = _read(self.file, LARGEST)
        if octets.startswith(_GZIP):  # Dovecot's zlib plugin
            octets = _decompressed(octets)
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
    named = folder
    folder = folder if (folder / "cur").is_dir() else folder / "Maildir"
    if not (folder / "cur").is_dir():
        raise MaildirError("There is no Maildir: a folder with cur, new and tmp in it.")
    for inside in (folder, *(folder / name for name in ("cur", "new"))):
        if inside.is_symlink() and inside != named:
            raise MaildirError(f"{inside.name} is a link. Name the Maildir to which it leads, if that is meant.")
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
        lines = _read(folder / UIDLIST, LARGEST_UIDLIST).decode("utf-8", "surrogateescape").splitlines()
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
        if found and _NUMBER.match(uid):
            extra = {field[0]: field[1:] for field in fields if field}
            order = extra.get("O", "0")
            yield (
                name.partition(":")[0],
                _Numbered(int(uid), extra.get("P", ""), int(order) if _NUMBER.match(order) else 0),
            )


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
