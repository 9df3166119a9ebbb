"""Headers in ASCII beside raw ones, made at delivery, for the domains that want them (RFC 6856 section 2.1)."""

from collections.abc import Sequence

from controlpanel import database
from controlpanel.mailstore.downgrading import in_ascii

WANTING = """
SELECT mailbox.id FROM mailboxes_mailbox AS mailbox JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE mailbox.id = ANY(%(mailboxes)s::bigint[]) AND domain.ascii_headers
"""

KEEP = """
UPDATE mailstore_message AS message SET ascii_header = new.header, header_octets = new.octets
FROM unnest(%(ids)s::bigint[], %(headers)b::bytea[], %(octets)s::integer[]) AS new (id, header, octets)
WHERE message.id = new.id
"""


def keep(arrived: Sequence[tuple[int, int, bytes]]) -> None:
    """Make a header in ASCII for each of these (mailbox, message, raw header) whose domain wants one.

    To be called in the transaction that adds the messages, so that their size is known from the beginning.
    """
    if not arrived:
        return
    wanting = {mailbox for (mailbox,) in database.rows(WANTING, mailboxes=[mailbox for mailbox, *_ in arrived])}
    headers = {number: header for mailbox, number, header in arrived if mailbox in wanting}
    if headers:
        database.run(
            KEEP,
            ids=list(headers),
            headers=[in_ascii(header) for header in headers.values()],
            octets=[len(header) for header in headers.values()],
        )
