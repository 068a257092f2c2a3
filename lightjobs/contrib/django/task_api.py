"""Django's tasks: in Django itself from 6.0 on, before that in the package django-tasks."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

_PACKAGE = "django.tasks" if find_spec("django.tasks") else "django_tasks"

base: Any = import_module(f"{_PACKAGE}.base")
backend: Any = import_module(f"{_PACKAGE}.backends.base")
exceptions: Any = import_module(f"{_PACKAGE}.exceptions")
signals: Any = import_module(f"{_PACKAGE}.signals")
