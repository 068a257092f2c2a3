"""The tables, and the permission to change jobs and queues on the page."""

from __future__ import annotations

from django.db import migrations, models

from lightjobs.contrib.django.tables import MakeTables


class Migration(migrations.Migration):
    initial = True
    atomic = False  # the tables are made on another connection
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Queues",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                )
            ],
            options={
                "permissions": [("operate", "Can change jobs and queues on the page")],
                "managed": False,
                "default_permissions": (),
                "verbose_name": "jobs",
                "verbose_name_plural": "jobs",
            },
        ),
        MakeTables("0007_lightjobs_monitoring"),
    ]
