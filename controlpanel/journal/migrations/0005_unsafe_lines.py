from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0004_dialogue"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="pastsession",
            index=models.Index(
                condition=models.Q(("tls__in", ("", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"))),
                fields=["mailbox_id", "-ended"],
                name="past_session_unsafe",
            ),
        ),
    ]
