from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="domain",
            name="device_passwords_from",
            field=models.DateField(blank=True, null=True),
        ),
    ]
