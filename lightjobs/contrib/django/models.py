"""No table: Django keeps permissions by model, and so do the links of its admin."""

from __future__ import annotations

from django.db import models


class Queues(models.Model):
    """What the permission `lightjobs.operate` is about."""

    class Meta:
        app_label = "lightjobs"
        managed = False
        default_permissions = ()
        verbose_name = verbose_name_plural = "jobs"
        permissions = [("operate", "Can change jobs and queues on the page")]
