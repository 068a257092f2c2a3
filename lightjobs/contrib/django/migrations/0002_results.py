"""The columns for results and progress."""

from __future__ import annotations

from django.db import migrations

from lightjobs.contrib.django.tables import MakeTables


class Migration(migrations.Migration):
    atomic = False  # as in 0001
    dependencies: list[tuple[str, str]] = [("lightjobs", "0001_initial")]
    operations = [MakeTables("0008_lightjobs_results")]
