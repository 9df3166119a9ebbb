from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from controlpanel.accounts.addresses import domain_shown


def spell(apps: Any, _schema: Any) -> None:
    """Give the domains of before their name in U-labels."""
    for domain in apps.get_model("mailboxes", "Domain").objects.filter(name__contains="xn--"):
        domain.unicode_name = domain_shown(domain.name)
        domain.save(update_fields=["unicode_name"])


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0003_quota_warnings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="address",
            name="send_as",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="domain",
            name="alias_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="alias_domains",
                to="mailboxes.domain",
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="separator",
            field=models.CharField(
                blank=True,
                choices=[
                    ("+", "A plus sign, as in ana+lists"),
                    ("-", "A hyphen, as in ana-lists"),
                    ("_", "An underscore, as in ana_lists"),
                    ("", "Nothing: there are no sub-addresses"),
                ],
                default="+",
                max_length=1,
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="unicode_name",
            field=models.CharField(blank=True, editable=False, max_length=253),
        ),
        migrations.RunPython(spell, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="domain",
            index=models.Index(
                condition=models.Q(("unicode_name", ""), _negated=True),
                fields=["unicode_name"],
                name="domain_unicode_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.CheckConstraint(
                condition=models.Q(("alias_of", models.F("id")), _negated=True), name="domain_alias_of_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.CheckConstraint(
                condition=models.Q(("separator__in", ["+", "-", "_", ""])), name="domain_separator_known"
            ),
        ),
    ]
