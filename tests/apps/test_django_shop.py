"""The Django shop on PostgreSQL and MariaDB: its settings, commands, migrations and worker."""

from __future__ import annotations

import contextlib
import json
import shutil
from functools import partial

import pytest

from lightjobs.model import NewJob
from tests.support.servers.base import started
from tests.support.servers.mariadb import MariaServer
from tests.support.servers.postgres import PostgresServer
from tests.support.waiting import wait_until

from .shop import MANAGE, Shop, on_mariadb, on_postgres, opened

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("django shop")]


SERVERS = {
    "postgresql": (PostgresServer, on_postgres, "ALTER USER lightjobs CREATEDB"),
    "mariadb": (MariaServer, on_mariadb, "GRANT ALL ON *.* TO lightjobs@'%'"),
}
"""How each is started, described to Django, and told to let lightjobs make a test database."""


@pytest.fixture(
    scope="module", params=["postgresql", pytest.param("mariadb", marks=pytest.mark.long)]
)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def server(kind):
    make, _described, grant = SERVERS[kind]
    with started(make()) as server:
        server.query(grant)
        yield server


@pytest.fixture
def shop(kind, server, tmp_path):
    server.reset()
    with opened(tmp_path, SERVERS[kind][1](server, CONN_MAX_AGE=None)) as shop:
        yield shop


def told(server, count):
    """Whether that many orders are done, the hooks of their jobs included."""
    return len(server.query("SELECT 1 FROM shop_order WHERE shipped AND told")) == count


def test_the_settings_and_the_jobs_are_djangos(shop):
    assert "all is well: engine database, 6 job class(es)" in shop.manage("lightjobs", "check")
    shop.shell("Order.objects.create(number=1); jobs.Ship().dispatch({'order': 1})")
    listed = json.loads(shop.manage("lightjobs", "job:list", "--json"))
    assert [job["handler"] for job in listed["jobs"]] == ["shop.jobs.Ship"]
    assert shop.work("--stop-when-empty").wait() == 0
    assert shop.shell("print(Order.objects.filter(shipped=True, told=True).count())") == "1"


def test_manage_py_hands_everything_on_and_keeps_the_exit_status(shop):
    done = shop.run("lightjobs", "job:wrok")
    assert (done.returncode, "job:work" in done.stderr) == (2, True)
    assert "job:work" in shop.manage("lightjobs", "--settings", "site_config.settings", "--help")
    done = shop.run("lightjobs", "job:stats", SHOP_LIGHTJOBS='{"engine": "redes"}')
    assert done.returncode == 2
    assert "JOB_ENGINE is 'redes'; allowed: redis, " in done.stderr
    done = shop.run("lightjobs", "check", SHOP_LIGHTJOBS='{"engine": "database", "atempts": 2}')
    assert done.returncode == 1
    assert "LIGHTJOBS: unknown key 'atempts'; did you mean 'attempts'?" in done.stdout


def test_children_that_are_new_interpreters_are_set_up_too(shop, server):
    """So is the scheduler. With it, the supervisor has a thread, and forks no child."""
    (shop.root / "config").mkdir()
    (shop.root / "config" / "schedule.py").write_text(
        "from shop.jobs import Ship\n"
        "from lightjobs.schedule import schedule\n"
        "schedule.job(Ship).payload({'order': 1}).cron('0 0 1 1 *')\n"
    )
    shop.shell("Order.objects.create(number=1); jobs.Ship().dispatch({'order': 1})")
    worker = shop.work("--schedule")
    wait_until(partial(told, server, 1), 60)
    wait_until(lambda: server.query("SELECT 1 FROM job_slots"), what="the scheduler")
    assert worker.stop() == 0
    assert "the scheduler ended" not in worker.err


def test_the_shops_own_tests_pass_on_their_test_database(shop):
    done = shop.run("test", "shop", "--noinput")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 6 tests" in done.stderr


@pytest.mark.parametrize(("job", "concurrency"), [("Ship", 1), ("Ship", 3), ("ShipAsync", 3)])
def test_a_killed_database_costs_no_job(shop, server, job, concurrency):
    """The database is killed and started again while a worker holds connections to it."""
    worker = shop.work(f"--concurrency={concurrency}").ready()
    for first in (1, 5):  # not 0: MariaDB takes it for the next id
        numbers = range(first, first + 4)
        for n in numbers:
            server.query("INSERT INTO shop_order VALUES (%s, %s, false, false)", [n, n])
        with contextlib.closing(server.engine()) as engine:
            engine.push(
                [NewJob(f"shop.jobs.{job}", "default", f'{{"order":{n}}}') for n in numbers]
            )
        wait_until(partial(told, server, first + 3), 60)
        assert server.query("SELECT exception FROM jobs") == []
        server.kill()
        server.start()
    assert worker.stop() == 0


ORDERS = """
from django.contrib.auth.models import User
from django.test import Client
client = Client()
assert client.get("/order/?number=1").status_code == 200
assert client.get("/order/?number=2&fail").status_code == 409
assert client.get("/jobs/queues").status_code == 302
client.force_login(User.objects.create_user("staff", is_staff=True))
import time
until = time.monotonic() + 20
while b"receipts" not in (page := client.get("/jobs/queues")).content:
    assert page.status_code == 200 and time.monotonic() < until, page
    time.sleep(0.1)  # a page does not wait long for numbers that the store is slow to tell
print(*Order.objects.values_list("number", flat=True))
"""


def test_orders_of_a_view_are_worked_and_seen_on_the_page(shop, server):
    assert shop.shell(ORDERS) == "1"
    assert server.query("SELECT queue, payload FROM jobs ORDER BY id") == [
        ("default", '{"order":1}'),
        ("receipts", '{"order":1}'),
    ]
    assert shop.work("--queue=default,receipts", "--stop-when-empty").wait(60) == 0
    assert server.query("SELECT number, shipped, told FROM shop_order") == [(1, True, True)]
    assert server.query("SELECT 1 FROM jobs") == []


def test_a_change_of_the_project_restarts_a_worker_that_manage_py_has_started(tmp_path):
    """Also where its folder is not the current one."""
    copy = shutil.copytree(MANAGE.parent, tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.sqlite")}
    shop = Shop(tmp_path / "elsewhere", database, manage_py=copy / "manage.py")
    try:
        shop.manage("migrate", "--verbosity=0")
        shop.shell("Order.objects.create(number=1)")
        worker = shop.work("--reload").ready()
        source = (copy / "shop" / "jobs.py").read_text()
        (copy / "shop" / "jobs.py").write_text(source.replace("shipped=True", "told=True"))
        wait_until(lambda: worker.out.count("[READY]") == 2, 60)
        assert "shop/jobs.py changed; restarting" in worker.err
        shop.shell("jobs.Ship().dispatch({'order': 1})")
        wait_until(lambda: "[PROCESSED]" in worker.out)
        assert shop.shell("order = Order.objects.get(); print(order.shipped, order.told)") == (
            "False True"
        )
        assert worker.stop() == 0
    finally:
        shop.close()
