from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0019_away"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="mailbox",
            name="mailbox_domain_address",
        ),
        migrations.AddIndex(
            model_name="mailbox",
            index=models.Index(
                condition=models.Q(("state", "deleted"), _negated=True),
                fields=["domain", "address_text"],
                include=("id", "quota"),
                name="mailbox_present",
            ),
        ),
        migrations.AddIndex(
            model_name="mailbox",
            index=models.Index(
                condition=models.Q(("state", "deleted")), fields=["domain", "address_text"], name="mailbox_deleted"
            ),
        ),
    ]
