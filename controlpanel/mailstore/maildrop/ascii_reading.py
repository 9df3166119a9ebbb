"""The same reads for sessions without UTF8, in domains that keep headers in ASCII beside raw ones (RFC 6856)."""

from collections.abc import Sequence

from controlpanel import database
from controlpanel.mailstore.maildrop.reading import LIST_OF, Listing, Wanted, listing, read_bodies

LIST_IN_ASCII = LIST_OF.replace("{octets}", "octets + COALESCE(octet_length(ascii_header) - header_octets, 0)")


def list_in_ascii(wanted: Sequence[Wanted]) -> list[Listing]:
    """Return what list_maildrops does, with the octets that these reads give."""
    found = database.rows(LIST_IN_ASCII, **database.columns(wanted, *Wanted.__slots__))
    return [listing(pairs or b"") for (pairs,) in found]


SURROGATES = """
SELECT id, ascii_header, header_octets FROM mailstore_message
WHERE id = ANY(%(ids)s::bigint[]) AND ascii_header IS NOT NULL
"""


def read_bodies_in_ascii(ids: Sequence[int]) -> dict[int, bytes]:
    """Return whole bodies by message id, each under its header in ASCII if it has one."""
    bodies = read_bodies(ids)
    for number, header, octets in database.rows(SURROGATES, ids=list(bodies)):
        bodies[number] = bytes(header) + bodies[number][octets:]
    return bodies


# A header ends in the first chunk, or where that is the trace header alone in the second (mailstore/downgrading.py).
READ_CHUNKS = """
SELECT CASE WHEN message.ascii_header IS NULL THEN COALESCE(chunk.octets, '')
            WHEN wanted.sequence = 0 THEN message.ascii_header
            WHEN chunk.sequence = cut.sequence THEN COALESCE(substr(chunk.octets, cut.octets + 1), '')
            ELSE COALESCE(chunk.octets, '') END
FROM unnest(%(ids)s::bigint[], %(sequences)s::integer[]) WITH ORDINALITY AS wanted (id, sequence, place)
LEFT JOIN mailstore_message AS message ON message.id = wanted.id
LEFT JOIN LATERAL (
    SELECT CASE WHEN octet_length(first.octets) > message.header_octets THEN 0 ELSE 1 END AS sequence,
           CASE WHEN octet_length(first.octets) > message.header_octets THEN message.header_octets
                ELSE message.header_octets - octet_length(first.octets) END AS octets
    FROM mailstore_messagechunk AS first
    WHERE first.body = message.body AND first.sequence = 0 AND message.ascii_header IS NOT NULL
) AS cut ON true
LEFT JOIN mailstore_messagechunk AS chunk ON chunk.body = message.body
    AND chunk.sequence = wanted.sequence + COALESCE(cut.sequence - 1, 0)
ORDER BY wanted.place
"""


def read_chunks_in_ascii(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return each chunk as read_chunks does; of a message with a header in ASCII, that header is the first."""
    ids, sequences = [number for number, _ in wanted], [sequence for _, sequence in wanted]
    return [bytes(octets) for (octets,) in database.rows(READ_CHUNKS, ids=ids, sequences=sequences)]
