"""The backend of Django's tasks."""

from __future__ import annotations

import json

import pytest

from .shop import Shop, opened

pytestmark = pytest.mark.slow

ENQUEUE = """
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from shop.tasks import break_down, ship, tell
for number in (1, 2):
    Order.objects.create(number=number)
results = [tell.enqueue(1, loudly=True), ship.enqueue(2), break_down.enqueue(3)]
assert [result.status for result in results] == ["READY"] * 3
assert tell.get_result(results[0].id).kwargs == {"loudly": True}
stored = lightjobs.engine().find(results[0].id)
assert (stored.handler, stored.queue) == ("shop.tasks.tell", "default")
later = tell.using(queue_name="mail", run_after=timezone.now() + timedelta(days=1)).enqueue(1)
try:
    with transaction.atomic():
        undone = tell.enqueue(1)
        raise KeyError
except KeyError:
    pass
try:
    tell.get_result(undone.id)
except Exception as error:
    assert type(error).__name__ == "TaskResultDoesNotExist"
try:
    tell.using(queue_name="nowhere")
except Exception as error:
    assert "nowhere" in str(error)
else:
    assert False
print(*(result.id for result in [*results, later]))
"""

ENDED = """
from shop.tasks import break_down, ship, tell
told, shipped, broken, later = [tell.get_backend().get_result(id) for id in {ids}]
assert told.status == shipped.status == "SUCCESSFUL"
assert told.return_value == {{"orders": [1]}}
assert shipped.return_value is None
assert all(told.worker_ids) and len(told.worker_ids) == 1
assert told.enqueued_at <= told.finished_at and told.started_at <= told.finished_at
assert (told.attempts, told.task, told.args) == (1, tell, [1])
assert told.enqueued_at and told.started_at and told.finished_at
assert later.status == "READY" and not later.started_at
assert (broken.status, broken.attempts, len(broken.errors)) == ("FAILED", 2, 2)
assert all(broken.worker_ids)
assert broken.errors[0].exception_class is LookupError
assert "no order 3" in broken.errors[0].traceback
print(Order.objects.get(number=1).told, Order.objects.get(number=2).shipped)
"""


def on_sqlite(tmp_path):
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.sqlite")}


def test_tasks_are_jobs_and_their_results_are_found(tmp_path):
    with opened(tmp_path, on_sqlite(tmp_path), {"engine": "database"}) as shop:
        ids = shop.shell(ENQUEUE).split()
        assert shop.work("--stop-when-empty").wait(60) == 0
        assert shop.shell(ENDED.format(ids=ids)) == "True True"
        assert "lightjobs." not in shop.manage("check")


@pytest.mark.parametrize(
    ("lightjobs", "code"),
    [
        ('{"engine": "redes"}', "lightjobs.E001"),
        ('{"engine": "memory", "on_commit": true}', "lightjobs.E002"),
    ],
)
def test_checks_name_what_is_wrong(tmp_path, lightjobs, code):
    done = Shop(tmp_path, on_sqlite(tmp_path)).run("check", SHOP_LIGHTJOBS=lightjobs)
    assert code in done.stderr
    assert done.returncode == (0 if "W" in code else 1)


def with_option(tmp_path, value):
    """What `manage.py check` says with this `keep_result`."""
    backend = "lightjobs.contrib.django.tasks.LightjobsBackend"
    tasks = {"default": {"BACKEND": backend, "OPTIONS": {"keep_result": value}}}
    shop = Shop(tmp_path, on_sqlite(tmp_path), {"engine": "database"})
    return shop.run("check", SHOP_TASKS=json.dumps(tasks)).stderr


def test_results_are_dropped_only_if_the_options_say_so(tmp_path):
    assert "lightjobs.W001" in with_option(tmp_path, None)
    assert "lightjobs.W001" not in with_option(tmp_path, "1 hour")
    said = with_option(tmp_path, "soon")
    assert "TASKS['default']['OPTIONS']['keep_result'] is 'soon'; allowed: a length of" in said
