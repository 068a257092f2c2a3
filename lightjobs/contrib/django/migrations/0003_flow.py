"""The columns and tables for keys, groups and batches."""

from __future__ import annotations

from django.db import migrations

from lightjobs.contrib.django.tables import MakeTables


class Migration(migrations.Migration):
    atomic = False  # as in 0001
    dependencies: list[tuple[str, str]] = [("lightjobs", "0002_results")]
    operations = [MakeTables("0009_lightjobs_flow")]
