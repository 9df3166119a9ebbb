"""The TRANSACTION state, and UPDATE, which QUIT leads through (RFC 1939 sections 5 and 6).

A fault before a reply's +OK is an -ERR, and the session goes on. After it there is no honest word left: the line is
cut without the final dot, so that the client knows it has half a reply. LAST is not offered: RFC 1725 took it away.
"""

from collections.abc import Generator, Sequence
from typing import Any

from pop3service.client import Client, CommandError, Flush, Outcome, Talk, no_argument, numbers, refusal
from pop3service.lines import DotStuffer, TopLines
from pop3service.maildrop_view import MaildropView
from pop3service.requests import (
    Code,
    ContradictionError,
    Finish,
    Finished,
    ReadListing,
    ReadMessage,
    ReadMore,
    ReadUniqueIds,
    Request,
    StopReading,
    Unavailable,
    ask,
)
from pop3service.words import Text

PAGE = 2500  # lines of a listing made at once: some 50 KB
READ_MORE = ReadMore()


def stat(client: Client, argument: bytes) -> bytes | Talk:
    no_argument(argument)
    return stat_listed(client) if client.ascii else totals(client.maildrop)


def stat_listed(client: Client) -> Talk:
    yield totals((yield from listed(client)))
    return None


def totals(maildrop: MaildropView) -> bytes:
    return b"+OK %d %d\r\n" % (maildrop.messages, maildrop.octets)


def list_messages(client: Client, argument: bytes) -> Talk:
    if argument.strip():
        number, maildrop = yield from find(client, argument)
        yield b"+OK %d %d\r\n" % (number, maildrop.octets_of(number))
        return None
    maildrop = yield from listed(client)
    yield client.ok(Text.MAILDROP, messages=maildrop.messages, octets=maildrop.octets)
    for first, count in maildrop.pages(PAGE):
        yield maildrop.lines(first, maildrop.octets_from(first, count))
    yield b".\r\n"
    return None


def uidl(client: Client, argument: bytes) -> Talk:
    if argument.strip():
        number, _ = yield from find(client, argument)
        ids = yield from unique_ids(number, 1)
        if isinstance(ids, Unavailable):
            raise refusal(ids)
        yield f"+OK {number} {ids[0]}\r\n".encode()
        return None
    maildrop = yield from listed(client)
    opening = client.ok(Text.UNIQUE_IDS)
    for first, count in maildrop.pages(PAGE):
        ids = yield from unique_ids(first, count)
        if isinstance(ids, Unavailable):
            if not opening:
                return Outcome.CUT
            raise refusal(ids)
        yield opening + maildrop.lines(first, ids)
        opening = b""
    yield opening + b".\r\n"
    return None


def retr(client: Client, argument: bytes) -> Talk:
    number, maildrop = yield from find(client, argument)
    opening = client.ok(Text.MESSAGE, octets=maildrop.octets_of(number))
    return (yield from send(maildrop, number, opening))


def top(client: Client, argument: bytes) -> Talk:
    number, lines = numbers(argument, 2, Text.TWO_NUMBERS)
    maildrop = yield from present(client, number)
    opening = client.ok(Text.TOP, number=number)
    return (yield from send(maildrop, number, opening, TopLines(lines)))


def send(maildrop: MaildropView, number: int, opening: bytes, head: TopLines | None = None) -> Talk:
    """Send a message whole, or of it what `head` lets through, dot-stuffed.

    Raises ContradictionError before the final dot where the octets are not as many as were listed: a client must
    not take such a message for whole, and then remove it.
    """
    piece = yield from ask(ReadMessage(number))
    if not isinstance(piece, bytes):
        raise refusal(piece)
    yield opening
    stuffer = DotStuffer()
    octets = 0
    while piece:
        octets += len(piece)
        yield stuffer.stuff(head.take(piece) if head else piece)
        if head and head.done:
            yield from ask(StopReading())
            break
        more = yield from ask(READ_MORE)
        if isinstance(more, Unavailable):
            return Outcome.CUT
        piece = more
    else:
        if octets != maildrop.octets_of(number):
            raise ContradictionError(f"message {number}: {maildrop.octets_of(number)} octets listed, {octets} read")
        if head is None:
            maildrop.fetch(number)
    yield stuffer.end()
    return None


def dele(client: Client, argument: bytes) -> Talk:
    number, maildrop = yield from find(client, argument)
    maildrop.remove(number)
    yield client.ok(Text.REMOVED, number=number)
    return None


def rset(client: Client, argument: bytes) -> bytes:
    no_argument(argument)
    maildrop = client.maildrop
    maildrop.restore()
    return client.ok(Text.RESTORED, messages=maildrop.messages, octets=maildrop.octets)


def noop(client: Client, argument: bytes) -> bytes:
    no_argument(argument)
    return client.ok(Text.NOTHING_DONE)


def update(client: Client, argument: bytes) -> Talk:
    """QUIT: the UPDATE state. What was asked for before it leaves first, so a line that breaks then removes nothing."""
    no_argument(argument)
    yield from ask(Flush())
    removed = client.maildrop.removed()
    answer = yield from ask(Finish(removed, client.maildrop.fetched()))
    client.finished = isinstance(answer, Finished)
    if removed and not client.finished:
        yield client.error(Text.NOT_REMOVED, Code.SYS_TEMP)
    else:
        yield client.ok(Text.BYE_REMOVED, messages=len(removed)) if removed else client.ok(Text.BYE)
    return Outcome.LEAVE


def find(client: Client, argument: bytes) -> Generator[Request[Any], Any, tuple[int, MaildropView]]:
    """Return the message number that is the whole argument, and the maildrop that has it."""
    [number] = numbers(argument, 1, Text.ONE_NUMBER)
    maildrop = yield from present(client, number)
    return number, maildrop


def present(client: Client, number: int) -> Generator[Request[Any], Any, MaildropView]:
    """Return the maildrop; raises CommandError where it has no such message, or no longer."""
    maildrop = yield from listed(client)
    if number not in maildrop:
        raise CommandError(Text.NO_MESSAGE, number=number)
    if maildrop.is_removed(number):
        raise CommandError(Text.REMOVED_ALREADY, number=number)
    return maildrop


def listed(client: Client) -> Generator[Request[Any], Any, MaildropView]:
    """Return the maildrop with the octets of each message known."""
    if not client.maildrop.is_listed:
        answer = yield from ask(ReadListing(client.ascii))
        if isinstance(answer, Unavailable):
            raise refusal(answer)
        client.maildrop.list_octets(answer.octets)
    return client.maildrop


def unique_ids(first: int, count: int) -> Generator[Request[Any], Any, Sequence[str] | Unavailable]:
    ids = yield from ask(ReadUniqueIds(first, count))
    if not isinstance(ids, Unavailable) and len(ids) != count:
        raise ContradictionError(f"{len(ids)} unique ids for {count} messages")
    return ids
