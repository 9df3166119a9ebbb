"""Forty messages that some server or client has got wrong, as they stand in a store: CRLF line ends, no stuffing."""

import random

SEVEN_MEGABYTES = 7 * 2**20
CHUNK = 256 * 1024


def messages() -> dict[str, bytes]:
    """Each message by what is nasty about it. No NUL, which RFC 5322 forbids and poplib's peers drop."""
    plain = {
        "one line": b"Subject: x\r\n\r\nbody\r\n",
        "no body": b"Subject: x\r\n\r\n",
        "no blank line": b"Subject: x\r\n",
        "no headers": b"\r\njust a body\r\n",
        "no headers and no blank line": b"just a line that is no header\r\n",
        "only an empty line": b"\r\n",
        "many empty lines": b"\r\n" * 500,
        "no final newline": b"Subject: x\r\n\r\nthe last line ends here",
        "a dot alone": b"Subject: x\r\n\r\n.\r\nafter it\r\n",
        "dots of every length": b"Subject: x\r\n\r\n" + b"".join(b"." * n + b"\r\n" for n in range(200)),
        "a dot first of all": b".Subject: x\r\n\r\nbody\r\n",
        "a dot last of all": b"Subject: x\r\n\r\nbody\r\n.",
        "dots behind blanks": b"Subject: x\r\n\r\n .\r\n\t.\r\n. \r\n",
        "what looks like the end": b"Subject: x\r\n\r\n.\r\n.\r\n.\r\nQUIT\r\n",
        "what looks like commands": b"Subject: x\r\n\r\nQUIT\r\nRSET\r\nDATA\r\n+OK\r\n-ERR no\r\n250 ok\r\n",
        "From_ lines": b"Subject: x\r\n\r\nFrom here\r\n>From there\r\n\r\nFrom a@b Mon Jan  1 00:00:00 2026\r\n",
        "a From_ line at the head": b"From a@b Mon Jan  1 00:00:00 2026\r\nSubject: x\r\n\r\nbody\r\n",
        "raw UTF-8": "Subject: ñandú — \U0001f4ec\r\nFrom: Núñez <n@example.org>\r\n\r\ncuerpo áéíóú\r\n".encode(),
        "Latin-1 headers": "Subject: año\r\n\r\ncaf\u00e9\r\n".encode("latin-1"),
        "every octet but NUL, CR and LF": b"Subject: x\r\n\r\n" + bytes(set(range(1, 256)) - {10, 13}) + b"\r\n",
        "trailing blanks": b"Subject: x   \r\n\r\nline   \r\n\t\t\r\n   \r\n",
        "a header of blanks": b"Subject:\r\n \r\n\t\r\nTo: x\r\n\r\nbody\r\n",
        "a folded header": b"Subject: a\r\n b\r\n\tc\r\nReferences: <1@x>\r\n <2@x>\r\n\r\nbody\r\n",
        "a broken Message-ID": b"Message-ID: <[a\r\nSubject: x\r\n\r\nbody\r\n",
        "a colon alone": b": \r\n:\r\nSubject: x\r\n\r\nbody\r\n",
        "a Return-Path below": b"Subject: x\r\nReturn-Path: <kept@example.org>\r\n\r\nbody\r\n",
        "Status and X-UIDL": b"Status: RO\r\nX-UIDL: 1\r\nContent-Length: 3\r\nLines: 7\r\n\r\nbody\r\n",
        "escapes and bells": b"Subject: x\x1b[31m\x07\r\n\r\n\x1b]0;title\x07\x08\x7f\r\n",
        "form feeds and vertical tabs": b"Subject: x\r\n\r\na\x0cb\x0bc\x85d\x1ce\r\n",
        "a line of 998": b"Subject: x\r\n\r\n" + b"a" * 998 + b"\r\n",
        "a line of 8,000": b"Subject: x\r\n\r\n" + b"b" * 8000 + b"\r\n",
        "a line of 100,000": b"Subject: x\r\n\r\n" + b"c" * 100_000 + b"\r\n",
        "a header of 70,000": b"Subject: " + b"d" * 70_000 + b"\r\n\r\nbody\r\n",
        "3,000 headers": b"".join(b"X-Number-%d: %d\r\n" % (n, n) for n in range(3000)) + b"\r\nbody\r\n",
        "as long as a chunk": exactly(CHUNK),
        "one more than a chunk": exactly(CHUNK + 1),
        "a dot across a chunk's end": b"e" * (CHUNK - 2) + b"\r\n.\r\n..\r\n" + b"f" * CHUNK + b"\r\n",
        "7 MB": attachment(SEVEN_MEGABYTES),
    }
    return plain | {"a twin": plain["one line"], "its twin": plain["one line"]}


def exactly(octets: int) -> bytes:
    head = b"Subject: long\r\n\r\n"
    lines = (b"g" * 76 + b"\r\n") * (octets // 78)
    rest = octets - len(head) - len(lines)
    while rest < 2:
        lines = lines[78:]
        rest += 78
    return head + lines + b"h" * (rest - 2) + b"\r\n"


def attachment(octets: int) -> bytes:
    """Random lines, dots at the head of many, without NUL."""
    source = random.Random(1939)
    head = b"Subject: large\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    letters = bytes(set(range(1, 256)) - {10, 13})
    block = bytes(source.choices(letters, k=100_000))
    lines = [head]
    size = len(head)
    while size < octets:
        start, length = source.randrange(99_000), source.randrange(0, 900)
        line = (b"." if source.random() < 0.3 else b"") + block[start : start + length] + b"\r\n"
        lines.append(line)
        size += len(line)
    return b"".join(lines)
