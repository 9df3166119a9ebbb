from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailstore", "0005_recipient"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="wanted",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("wanted__isnull", False)), fields=["process"], name="session_wanted"
            ),
        ),
    ]
