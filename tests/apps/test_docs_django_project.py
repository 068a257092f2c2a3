"""The examples of the page about Django."""

from __future__ import annotations

import json

import pytest

from tests.support.documents import blocks

from .shop import Shop, opened


@pytest.mark.slow
def test_the_documented_settings_and_job_are_right(tmp_path):
    settings, job = blocks("docs/how-to/django.md", "Use lightjobs in a Django project")
    names = {"INSTALLED_APPS": []}
    exec(settings, names)
    assert names["INSTALLED_APPS"] == ["lightjobs.contrib.django"]
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.sqlite")}
    with opened(tmp_path, database, json.loads(json.dumps(names["LIGHTJOBS"]))) as shop:
        code = f"exec({job!r}); Order.objects.create(number=1)\n"
        code += "ShipOrder().dispatchSync({'order': 1})\n"
        code += "print(lightjobs.engine().name, Order.objects.get().shipped)"
        assert shop.shell(code) == "database True"


@pytest.mark.slow
def test_the_documented_backend_is_right(tmp_path):
    (source,) = blocks("docs/how-to/django.md", "Django's tasks")
    names = {}
    exec(source, names)
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.sqlite")}
    shop = Shop(tmp_path, database, names["LIGHTJOBS"])
    shop.environment["SHOP_TASKS"] = json.dumps(names["TASKS"])
    shop.manage("check", "--fail-level=WARNING")
