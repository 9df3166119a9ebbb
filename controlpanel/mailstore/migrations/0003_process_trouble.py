from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailstore", "0002_physical")]
    operations = [
        migrations.AddField(
            model_name="process",
            name="trouble",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
