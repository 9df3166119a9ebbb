"""A catch-all may lead to an alias: the views look one step further."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE VIEW postfix_recipients AS
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
        SELECT COALESCE(behind.mailbox_id, alias.mailbox_id), COALESCE(behind.outside, alias.outside)
        FROM mailboxes_alias AS alias LEFT JOIN mailboxes_alias AS behind ON behind.address_id = alias.via_id
        WHERE alias.address_id = address.id AND (alias.via_id IS NULL OR behind.id IS NOT NULL)
    ) AS target
    LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = target.mailbox_id
    LEFT JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
    LEFT JOIN mailboxes_usage AS usage ON usage.mailbox_id = mailbox.id
) AS answer;

CREATE OR REPLACE VIEW postfix_aliases AS
SELECT named.spelling::text AS domain, address.local::text AS local, home.separator::text AS separator,
       address.local || '@' || home.name AS address,
       COALESCE(mailbox.address_text, behind.outside, target.outside)::text AS target
FROM mailboxes_domainname AS named
JOIN mailboxes_domain AS home ON home.id = named.home_id
JOIN mailboxes_address AS address ON address.domain_id = home.id
JOIN (
    SELECT address_id, id AS mailbox_id, '' AS outside, NULL::bigint AS via_id FROM mailboxes_mailbox
    UNION ALL
    SELECT address_id, mailbox_id, outside, via_id FROM mailboxes_alias
) AS target ON target.address_id = address.id
LEFT JOIN mailboxes_alias AS behind ON behind.address_id = target.via_id
LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = COALESCE(behind.mailbox_id, target.mailbox_id);

CREATE OR REPLACE VIEW postfix_senders AS
SELECT named.spelling::text AS domain, home.name::text AS home, address.local::text AS local, home.separator::text AS separator,
       address.local || '@' || home.name AS address,
       CASE
           WHEN mailbox.address_id = address.id OR address.send_as
               OR NOT EXISTS (SELECT FROM mailboxes_alias AS other
                              WHERE other.address_id = COALESCE(target.via_id, address.id)
                                AND other.mailbox_id IS DISTINCT FROM mailbox.id)
               THEN mailbox.address_text::text
       END AS login
FROM mailboxes_domainname AS named
JOIN mailboxes_domain AS home ON home.id = named.home_id
JOIN mailboxes_address AS address ON address.domain_id = home.id
JOIN (
    SELECT address_id, id AS mailbox_id, NULL::bigint AS via_id FROM mailboxes_mailbox
    UNION ALL
    SELECT address_id, mailbox_id, via_id FROM mailboxes_alias
) AS target ON target.address_id = address.id
LEFT JOIN mailboxes_alias AS behind ON behind.address_id = target.via_id
LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = COALESCE(behind.mailbox_id, target.mailbox_id);
"""

BACK = """
CREATE OR REPLACE VIEW postfix_recipients AS
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

CREATE OR REPLACE VIEW postfix_aliases AS
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

CREATE OR REPLACE VIEW postfix_senders AS
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


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0014_unsafe_lines"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="alias",
            name="alias_one_target",
        ),
        migrations.AddField(
            model_name="alias",
            name="via",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.RESTRICT, related_name="caught", to="mailboxes.address"
            ),
        ),
        migrations.AddConstraint(
            model_name="alias",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mailbox__isnull", False), ("outside", ""), ("via", None)),
                    models.Q(("mailbox", None), ("via", None), models.Q(("outside", ""), _negated=True)),
                    models.Q(("mailbox", None), ("outside", ""), ("via__isnull", False)),
                    _connector="OR",
                ),
                name="alias_one_target",
            ),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
