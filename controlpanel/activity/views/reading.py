"""One message for its owner: its text, what is attached, and the whole of it as a file."""

import re
from collections.abc import Iterator
from itertools import takewhile

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from controlpanel.activity.views.messages import Line
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, the_mailbox
from controlpanel.mailstore import headers, overview
from controlpanel.mailstore.maildrop import read_chunks
from controlpanel.mailstore.models import CHUNK_OCTETS
from controlpanel.mailstore.parts import parts
from controlpanel.mailstore.plain_text import text_of

READ_OCTETS = 8 * 2**20  # of a message, to show it; the file has all
CHUNKS_AT_ONCE = 4
LONGEST_NAME = 60

_NOT_IN_NAMES = re.compile(r"[^\w.,()+-]+")


@never_cache
@require_safe
def show(request: HttpRequest, mailbox: int, message: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    found = _the_message(box, message)
    read = parts(_chunks(found.id, READ_OCTETS // CHUNK_OCTETS))
    return page(
        request,
        "activity/message.html",
        "mailbox-removed" if found.removed else "mailbox-home",
        own=box,
        line=Line(found, overview.fetched_by([found.id]).get(found.id, ())),
        sent=headers.sent_at(found.date_header),
        text=text_of(read),
        cut=any(part.cut for part in read),
        attachments=[part for part in read if not part.is_text],
        all_read=found.octets <= READ_OCTETS,
    )


@never_cache
@require_safe
def download(request: HttpRequest, mailbox: int, message: int) -> HttpResponseBase:
    """Stream the octets as POP3 gives them. Ended early, if the body goes meanwhile, it is shorter than its length."""
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    found = _the_message(box, message)
    response = StreamingHttpResponse(_chunks(found.id), content_type="message/rfc822")
    response["Content-Length"] = str(found.octets)
    response["Content-Disposition"] = content_disposition_header(True, _file_name(found)) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _the_message(box: Mailbox, number: int) -> overview.One:
    found = overview.message(box.pk, number) if number < 2**63 else None
    if found is None:
        raise Http404
    return found


def _chunks(message: int, most: int = 2**31) -> Iterator[bytes]:
    """Yield the chunks of a body, one by one, from few statements."""
    for first in range(0, most, CHUNKS_AT_ONCE):
        found = read_chunks([(message, first + place) for place in range(CHUNKS_AT_ONCE)])
        yield from takewhile(bool, found)
        if not found[-1]:
            return


def _file_name(found: overview.Waiting) -> str:
    """Name the file after the subject, in letters and digits that no shell and no file system minds."""
    subject = _NOT_IN_NAMES.sub(" ", headers.decoded(found.subject)).strip(" .")[:LONGEST_NAME].strip(" .")
    return f"{subject or f'message {found.id}'}.eml"
