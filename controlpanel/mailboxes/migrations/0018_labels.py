import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0017_hold_spam"),
    ]

    operations = [
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                (
                    "domain",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="mailboxes.domain"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="mailbox",
            name="labels",
            field=models.ManyToManyField(related_name="mailboxes", to="mailboxes.label"),
        ),
        migrations.AddConstraint(
            model_name="label",
            constraint=models.UniqueConstraint(
                models.F("domain"), django.db.models.functions.text.Lower("name"), name="label_taken"
            ),
        ),
    ]
