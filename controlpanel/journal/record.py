"""Write down what happened: many at once, and the same mailbox may stand many times among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlpanel import database
from controlpanel.accounts.actor import Actor
from controlpanel.journal.models import Activity


@dataclass(frozen=True, slots=True)
class RefusedSignIn:
    """A sign-in to a known mailbox that was refused. `outcome`: at most 32 characters, of the caller's vocabulary."""

    mailbox_id: int
    protocol: str
    address: str | None
    outcome: str
    mechanism: str = ""
    tls: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A mail session that ended. `octets`: sent to the client.

    `ended_by`: quit, lost, idle, bad_commands, taken_over, panel, shutdown, fault.
    Who signs in to send has no `session` and moves nothing here; its `protocol` is smtp.
    """

    mailbox_id: int
    session: int | None
    device_id: int | None
    device: str
    address: str | None
    tls: str
    mechanism: str
    started: datetime
    ended_by: str
    fetched: int = 0
    removed: int = 0
    octets: int = 0
    protocol: str = "pop3"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that LMTP refused for a known mailbox, and the reply that the sender's server got."""

    mailbox_id: int
    reply: str
    sender: str = ""
    message_id: str = ""
    octets: int = 0
    recipient: str = ""


def activity(
    actor: Actor,
    act: str,
    *,
    domain_id: int | None = None,
    mailbox_id: int | None = None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record a change beside it, in its transaction. `subject`: the address or name that the act was about."""
    Activity.objects.create(
        actor_id=actor.user.pk if actor.user else None,
        actor=actor.user.address if actor.user else "",
        act=act,
        domain_id=domain_id,
        mailbox_id=mailbox_id,
        subject=subject,
        details=dict(details or {}),
        address=actor.address,
    )


# Rows are folded before they meet ON CONFLICT, which takes a key only once a statement, and come in the order of their
# key, so that two statements never wait for each other crosswise.
# Who has a /64 has more addresses than a disk has room: past the most, further ones share the row without an address.
ADDRESSES_AN_HOUR = 100  # of one mailbox, about

FOLD_ATTEMPTS = """
WITH refused AS (
    SELECT *, date_trunc('hour', now(), 'UTC') AS hour
    FROM unnest(%(mailbox_id)s::bigint[], %(protocol)s::text[], %(address)s::inet[], %(outcome)s::text[],
                %(mechanism)s::text[], %(tls)s::text[])
         AS refused (mailbox_id, protocol, address, outcome, mechanism, tls)
), crowded AS (
    SELECT mailbox_id FROM (SELECT DISTINCT mailbox_id, hour FROM refused) AS named
    WHERE (SELECT count(*) FROM (
        SELECT FROM journal_attempt AS there
        WHERE there.mailbox_id = named.mailbox_id AND there.last >= named.hour LIMIT %(most)s::bigint
    ) AS lately) >= %(most)s::bigint
), placed AS (
    SELECT mailbox_id, protocol, outcome, mechanism, tls, hour,
           CASE WHEN mailbox_id NOT IN (SELECT mailbox_id FROM crowded)
                  OR EXISTS (SELECT FROM journal_attempt AS there
                             WHERE there.mailbox_id = refused.mailbox_id AND there.protocol = refused.protocol
                               AND there.address = refused.address AND there.outcome = refused.outcome
                               AND there.hour = refused.hour)
                THEN address END AS address
    FROM refused
)
INSERT INTO journal_attempt AS kept (mailbox_id, protocol, address, outcome, mechanism, tls, hour, last, times)
SELECT mailbox_id, protocol, address, outcome, max(mechanism), max(tls), hour, now(), count(*)
FROM placed
GROUP BY mailbox_id, protocol, address, outcome, hour
ORDER BY mailbox_id, protocol, address, outcome
ON CONFLICT ON CONSTRAINT attempt_fold DO UPDATE
SET times = kept.times + excluded.times, last = excluded.last, mechanism = excluded.mechanism, tls = excluded.tls
"""


def attempts(refused: Sequence[RefusedSignIn]) -> None:
    """Count refused sign-ins: one row per mailbox, protocol, address, outcome and hour, about a hundred an hour."""
    if refused:
        database.run(FOLD_ATTEMPTS, most=ADDRESSES_AN_HOUR, **database.columns(refused))


# A session whose end is recorded a second time, the answer to the first being lost, is the same row.
KEEP_SESSIONS = """
INSERT INTO journal_pastsession (mailbox_id, session, device_id, device, protocol, address, tls, mechanism,
                                 started, ended, ended_by, fetched, removed, octets, times)
SELECT mailbox_id, session, device_id, device, 'pop3', address, tls, mechanism,
       started, now(), ended_by, fetched, removed, octets, 1
FROM unnest(%(mailbox_id)s::bigint[], %(session)s::bigint[], %(device_id)s::bigint[], %(device)s::text[],
            %(address)s::inet[], %(tls)s::text[], %(mechanism)s::text[], %(started)s::timestamptz[],
            %(ended_by)s::text[], %(fetched)s::bigint[], %(removed)s::bigint[], %(octets)s::bigint[])
    AS finished (mailbox_id, session, device_id, device, address, tls, mechanism, started,
                 ended_by, fetched, removed, octets)
WHERE NOT EXISTS (
    SELECT FROM journal_pastsession AS past
    WHERE past.mailbox_id = finished.mailbox_id AND past.session = finished.session
      AND past.ended > now() - interval '1 hour'
)
"""

FOLD_SESSIONS = """
INSERT INTO journal_pastsession AS kept (mailbox_id, device_id, device, protocol, address, tls, mechanism,
                                         started, ended, ended_by, fetched, removed, octets, times, hour)
SELECT mailbox_id, device_id, max(device), protocol, address,
       (array_agg(tls ORDER BY started DESC))[1], (array_agg(mechanism ORDER BY started DESC))[1],
       min(started), now(), (array_agg(ended_by ORDER BY started DESC))[1], 0, 0, sum(octets), count(*),
       date_trunc('hour', now(), 'UTC')
FROM unnest(%(mailbox_id)s::bigint[], %(device_id)s::bigint[], %(device)s::text[], %(address)s::inet[],
            %(tls)s::text[], %(mechanism)s::text[], %(started)s::timestamptz[], %(ended_by)s::text[],
            %(octets)s::bigint[], %(protocol)s::text[])
    AS finished (mailbox_id, device_id, device, address, tls, mechanism, started, ended_by, octets, protocol)
GROUP BY mailbox_id, device_id, address, protocol
ORDER BY mailbox_id, device_id, address, protocol
ON CONFLICT (mailbox_id, device_id, address, protocol, hour) WHERE hour IS NOT NULL DO UPDATE
SET times = kept.times + excluded.times, octets = kept.octets + excluded.octets, ended = excluded.ended,
    started = least(kept.started, excluded.started), device = excluded.device, tls = excluded.tls,
    mechanism = excluded.mechanism, ended_by = excluded.ended_by
"""


def finished(sessions: Sequence[Finished]) -> None:
    """Record ended sessions: each that moved a message; others by mailbox, device, address, protocol and hour."""
    if moved := [session for session in sessions if session.fetched or session.removed]:
        database.run(KEEP_SESSIONS, **database.columns(moved))
    if idle := [session for session in sessions if not (session.fetched or session.removed)]:
        database.run(FOLD_SESSIONS, **database.columns(idle))


REFUSALS_AN_HOUR = 100  # of one mailbox; whoever hammers at a closed one fills no disk

KEEP_REFUSALS = """
INSERT INTO journal_refusedmessage (mailbox_id, at, sender, recipient, message_id, octets, reply)
SELECT mailbox_id, now(), sender, recipient, message_id, octets, reply
FROM unnest(%(mailbox_id)s::bigint[], %(sender)s::text[], %(message_id)s::text[], %(octets)s::bigint[],
            %(reply)s::text[], %(recipient)s::text[])
     AS refused (mailbox_id, sender, message_id, octets, reply, recipient)
WHERE (
    SELECT count(*) FROM (
        SELECT FROM journal_refusedmessage AS kept
        WHERE kept.mailbox_id = refused.mailbox_id AND kept.at > now() - interval '1 hour' LIMIT %(most)s::bigint
    ) AS lately
) < %(most)s::bigint
"""


def refusals(refused: Sequence[Refusal]) -> None:
    """Record refused messages, about a hundred an hour for each mailbox."""
    if refused:
        database.run(
            KEEP_REFUSALS,
            most=REFUSALS_AN_HOUR,
            mailbox_id=[each.mailbox_id for each in refused],
            sender=[database.fitting(each.sender, 320) for each in refused],
            message_id=[database.fitting(each.message_id, 320) for each in refused],
            octets=[each.octets for each in refused],
            reply=[database.fitting(each.reply, 200) for each in refused],
            recipient=[database.fitting(each.recipient, 320) for each in refused],
        )
