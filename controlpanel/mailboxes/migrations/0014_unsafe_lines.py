from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailboxes", "0013_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="domain",
            name="old_tls_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="plain_login_until",
            field=models.DateField(blank=True, null=True),
        ),
    ]
