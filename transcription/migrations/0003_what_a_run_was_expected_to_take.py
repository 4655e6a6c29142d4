

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transcription', '0002_rates_and_what_calls_cost'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='estimated_seconds',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='estimated_usd',
            field=models.DecimalField(decimal_places=6, max_digits=12, null=True),
        ),
    ]
