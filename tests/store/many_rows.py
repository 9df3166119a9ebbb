"""A store of very many rows, made in a second or a few: for what the planner chooses and what a statement reads."""

from django.db import connection

from controlpanel.mailboxes.models import Mailbox
from tests.store.factories import make_domain, make_mailbox

FIRST = 100_000  # below every number that is made here

FILL = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
    SELECT n, %(first)s + n AS id, %(first)s + 1 + n %% %(domains)s AS domain
    FROM generate_series(1, %(mailboxes)s) AS n;
CREATE TEMPORARY TABLE mail ON COMMIT DROP AS
    SELECT n, 10 * %(first)s + n AS body, %(first)s + 1 + n %% %(with_mail)s AS mailbox, 1 + n / %(with_mail)s AS added
    FROM generate_series(0, %(with_mail)s * %(messages)s - 1) AS n;
INSERT INTO mailboxes_domain
    SELECT (jsonb_populate_record(model, jsonb_build_object('id', %(first)s + n, 'name', 'd' || n || '.example'))).*
    FROM mailboxes_domain AS model, generate_series(1, %(domains)s) AS n WHERE model.name = 'model.example';
INSERT INTO accounts_user
    SELECT (jsonb_populate_record(model, jsonb_build_object('id', fresh.id, 'address', 'u' || n || '@d.example'))).*
    FROM accounts_user AS model, fresh WHERE model.address = 'ana@model.example';
INSERT INTO mailboxes_address (id, domain_id, local) SELECT id, domain, 'u' || n FROM fresh;
INSERT INTO mailboxes_alias (address_id, outside) SELECT id, 'u' || n || '@outside.example' FROM fresh;
INSERT INTO mailboxes_mailbox
    SELECT (jsonb_populate_record(model, jsonb_build_object('id', fresh.id, 'user_id', fresh.id, 'address_id', fresh.id,
                                  'domain_id', domain, 'address_text', 'u' || n || '@d.example'))).*
    FROM mailboxes_mailbox AS model, fresh WHERE model.address_text = 'ana@model.example';
INSERT INTO mailboxes_devicepassword (mailbox_id, name, stored_key, server_key, may_fetch, may_send, networks, created,
                                      lent)
    SELECT id, 'phone', decode(md5(n::text), 'hex'), '', true, true, '[]', now(), false FROM fresh;
INSERT INTO mailboxes_usage (mailbox_id, messages, octets, removed_messages, removed_octets, change)
    SELECT id, %(messages)s, %(messages)s, %(messages)s, %(messages)s, %(messages)s FROM fresh;
INSERT INTO mailboxes_sent SELECT id, current_date - 3, 1 FROM fresh;
-- The first message of each mailbox is removed, and of every third mailbox gone.
INSERT INTO mailstore_message (mailbox_id, body, octets, uidl, added, received, removed, removed_at, gone_at,
                               removed_how, removed_device, sender, message_id, from_header, subject, date_header)
    SELECT mailbox, body, 1, 'u' || n, added, now(),
           CASE WHEN added = 1 THEN 100 + n END, CASE WHEN added = 1 THEN now() END,
           CASE WHEN added = 1 AND n %% 3 = 0 THEN now() END,
           '', '', '', '', '', repeat('subject ', 20), ''
    FROM mail;
INSERT INTO mailstore_messagechunk SELECT body, 0, convert_to(repeat('x', 500), 'UTF8') FROM mail;
INSERT INTO mailstore_stagedbody SELECT 20 * %(first)s + n, now() FROM fresh;
INSERT INTO mailstore_outgoing (errand, mailbox_id, forwarder, domain, sender, recipient, envelope, body, octets, head,
                                kept, message_id, from_header, subject, date_header, since, due)
    SELECT 'forward', id, 'u' || n || '@d.example', 'd.example', '', 'x@outside.example', '', 30 * %(first)s + n, 1, 0,
           true, '', '', repeat('subject ', 20), '', now(), now() + interval '1 day' FROM fresh;
INSERT INTO mailstore_fetched SELECT id, 0, mailbox_id, '', now() FROM mailstore_message;
INSERT INTO mailstore_session (id, process, mailbox_id, device, tls, mechanism, started, change, exclusive, end_asked)
    SELECT n, gen_random_uuid(), id, '', '', '', now(), 1, false, false FROM fresh;
INSERT INTO journal_pastsession (mailbox_id, device, protocol, tls, mechanism, started, ended, fetched, removed, octets,
                                 ended_by, times, hour)
    SELECT id, '', 'pop3', '', '', now(), now(), 0, 0, 0, 'quit', 1, date_trunc('hour', now(), 'UTC') FROM fresh;
INSERT INTO journal_attempt (mailbox_id, protocol, outcome, mechanism, tls, hour, last, times)
    SELECT n, 'pop3', 'wrong', '', '', date_trunc('hour', now(), 'UTC'), now(), 1 FROM fresh;
INSERT INTO journal_refusedmessage (mailbox_id, at, sender, message_id, octets, reply)
    SELECT n, now(), '', '', 1, '452' FROM fresh;
INSERT INTO journal_dialogue (mailbox_id, signed_in, started, ended, device, tls, mechanism, ended_by, entries)
    SELECT n, true, now(), now(), '', '', '', 'quit', '[]' FROM fresh;
INSERT INTO accounts_throttle (key, failures, last, recent)
    SELECT 'box:u' || n || '@e.example', 3, now(), '' FROM fresh;
INSERT INTO mailboxes_domain_administrators (domain_id, user_id) SELECT domain, id FROM fresh;
INSERT INTO mfa_authenticator (user_id, type, data, created_at) SELECT id, 'totp', '{}', now() FROM fresh;
INSERT INTO accounts_knownnetwork (user_id, network, last) SELECT id, '192.0.2.' || n %% 250, now() FROM fresh;
"""


def fill(mailboxes: int, domains: int, with_mail: int, messages: int) -> list[Mailbox]:
    """Make so many mailboxes, in so many of them so many messages, and what else grows; return the first twenty."""
    make_domain("model.example")
    make_mailbox("ana@model.example", quota=10**9)
    values = {"first": FIRST, "mailboxes": mailboxes, "domains": domains, "with_mail": with_mail, "messages": messages}
    with connection.cursor() as cursor:
        cursor.execute(FILL, values)
        cursor.execute("ANALYZE")
    return list(Mailbox.objects.filter(id__gt=FIRST).order_by("id")[:20])
