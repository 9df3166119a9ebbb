from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailstore", "0003_process_trouble")]
    operations = [
        migrations.CreateModel(
            name="LastLogin",
            fields=[
                ("mailbox_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("delay", models.IntegerField()),
            ],
        ),
        migrations.RunSQL("ALTER TABLE mailstore_lastlogin SET UNLOGGED", migrations.RunSQL.noop),
    ]
