"""The table for transfers of jobs to another store."""

from __future__ import annotations

from django.db import migrations

from lightjobs.contrib.django.tables import MakeTables


class Migration(migrations.Migration):
    atomic = False  # as in 0001
    dependencies: list[tuple[str, str]] = [("lightjobs", "0003_flow")]
    operations = [MakeTables("0010_lightjobs_transfers")]
