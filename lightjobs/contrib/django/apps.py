"""The Django application."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import setting_changed

from ... import current
from ...execution import middleware_chain
from . import configuration, transactions
from .connections import DjangoConnections


class LightjobsConfig(AppConfig):
    """Takes the settings from Django's, and looks after Django's connections around each job."""

    name = "lightjobs.contrib.django"
    label = "lightjobs"
    verbose_name = "lightjobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        configuration.install()
        middleware_chain.put_first(DjangoConnections)
        current.announce_transactions(transactions.dispatched)
        setting_changed.connect(_forget, dispatch_uid="lightjobs")
        # Django 6 checks the backends of its tasks only where something has imported these.
        if settings.is_overridden("TASKS") and find_spec("django.tasks"):
            import_module("django.tasks")


def _forget(*, setting: str, **rest: Any) -> None:
    """Read the settings again after a test has changed them."""
    if setting in ("LIGHTJOBS", "DATABASES"):
        current.use(None)
