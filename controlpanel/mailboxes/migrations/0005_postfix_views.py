"""Read-only views for a mail server beside us: docs/operate has the queries. Their names and columns are a promise."""

from django.db import migrations

FUNCTIONS = """
-- A text as addresses are kept: NFC, lower case.
CREATE FUNCTION address_folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT lower(normalize($1, NFC)) $$;

-- The local parts that an address may stand for: itself, what is before each separator, and '' for the catch-all.
CREATE FUNCTION address_candidates(local text, separator text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    folded text := lower(normalize(local, NFC));
    candidates text[] := ARRAY[folded, ''];
BEGIN
    IF separator <> '' AND strpos(folded, separator) > 1 THEN
        FOR place IN 2 .. length(folded) LOOP
            IF substr(folded, place, 1) = separator THEN
                candidates := candidates || left(folded, place - 1);
            END IF;
        END LOOP;
    END IF;
    RETURN candidates;
END
$$;
"""

# An alias domain under each of its names leads to the addresses of another; others lead to their own.
NAMES = """
CREATE VIEW mailboxes_domainname AS
    SELECT name AS spelling, id, COALESCE(alias_of_id, id) AS home_id, state FROM mailboxes_domain
    UNION ALL
    SELECT unicode_name, id, COALESCE(alias_of_id, id), state FROM mailboxes_domain WHERE unicode_name <> '';
"""

DOMAINS = """
CREATE VIEW postfix_domains AS
SELECT named.spelling::text AS domain, home.name::text AS home, home.separator::text AS separator
FROM mailboxes_domainname AS named
JOIN mailboxes_domain AS home ON home.id = named.home_id;
"""

RECIPIENTS = """
CREATE VIEW postfix_recipients AS
SELECT named.spelling::text AS domain, address.local::text AS local, home.separator::text AS separator,
       address.local || '@' || home.name AS address,
       CASE
           WHEN answer.best IS NULL THEN '550 5.1.1 No mailbox has this address'
           WHEN answer.best = 3 OR named.state IN ('closed', 'deleted') OR home.state IN ('closed', 'deleted')
               THEN '550 5.2.1 The mailbox takes no mail'
           WHEN answer.best = 1 THEN '452 4.2.2 The mailbox is full'
           WHEN answer.best = 2 THEN '552 5.2.2 The mailbox is full'
           ELSE 'DUNNO'
       END AS access
FROM mailboxes_domainname AS named
JOIN mailboxes_domain AS home ON home.id = named.home_id
JOIN mailboxes_address AS address ON address.domain_id = home.id
CROSS JOIN LATERAL (
    SELECT min(CASE
               WHEN target.outside <> '' THEN 0
               WHEN mailbox.state IN ('closed', 'deleted') OR domain.state IN ('closed', 'deleted') THEN 3
               WHEN mailbox.quota IS NULL OR usage.octets < mailbox.quota THEN 0
               WHEN domain.over_quota = 'refuse' THEN 2
               WHEN domain.over_quota = 'defer_a_day' AND mailbox.full_since < now() - interval '1 day' THEN 2
               ELSE 1
           END) AS best
    FROM (
        SELECT id AS mailbox_id, '' AS outside FROM mailboxes_mailbox WHERE address_id = address.id
        UNION ALL
        SELECT mailbox_id, outside FROM mailboxes_alias WHERE address_id = address.id
    ) AS target
    LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = target.mailbox_id
    LEFT JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
    LEFT JOIN mailboxes_usage AS usage ON usage.mailbox_id = mailbox.id
) AS answer;
"""

ALIASES = """
CREATE VIEW postfix_aliases AS
SELECT named.spelling::text AS domain, address.local::text AS local, home.separator::text AS separator,
       address.local || '@' || home.name AS address,
       COALESCE(mailbox.address_text, target.outside)::text AS target
FROM mailboxes_domainname AS named
JOIN mailboxes_domain AS home ON home.id = named.home_id
JOIN mailboxes_address AS address ON address.domain_id = home.id
JOIN (
    SELECT address_id, id AS mailbox_id, '' AS outside FROM mailboxes_mailbox
    UNION ALL
    SELECT address_id, mailbox_id, outside FROM mailboxes_alias
) AS target ON target.address_id = address.id
LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = target.mailbox_id;
"""

# Each address has a row, one without a login where nobody may send with it: so it does not fall to the catch-all.
SENDERS = """
CREATE VIEW postfix_senders AS
SELECT named.spelling::text AS domain, home.name::text AS home, address.local::text AS local, home.separator::text AS separator,
       address.local || '@' || home.name AS address,
       CASE
           WHEN mailbox.address_id = address.id OR address.send_as
               OR NOT EXISTS (SELECT FROM mailboxes_alias AS other
                              WHERE other.address_id = address.id AND other.mailbox_id IS DISTINCT FROM mailbox.id)
               THEN mailbox.address_text::text
       END AS login
FROM mailboxes_domainname AS named
JOIN mailboxes_domain AS home ON home.id = named.home_id
JOIN mailboxes_address AS address ON address.domain_id = home.id
JOIN (
    SELECT address_id, id AS mailbox_id FROM mailboxes_mailbox
    UNION ALL
    SELECT address_id, mailbox_id FROM mailboxes_alias
) AS target ON target.address_id = address.id
LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = target.mailbox_id;
"""

BACK = """
DROP VIEW postfix_senders, postfix_aliases, postfix_recipients, postfix_domains, mailboxes_domainname;
DROP FUNCTION address_candidates(text, text), address_folded(text);
"""


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0004_names")]
    operations = [migrations.RunSQL(FUNCTIONS + NAMES + DOMAINS + RECIPIENTS + ALIASES + SENDERS, BACK)]
