"""The Flask shop, by its command line and its requests."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.environment import outside
from tests.support.waiting import wait_until
from tests.support.worker import Worker

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "flask_shop"
FLASK = [sys.executable, "-m", "flask", "--app", "shop:create_app"]

REQUESTS = """
import shop
client = shop.create_app().test_client()
"""


class Shop:
    """The shop in a folder of its own."""

    def __init__(self, root):
        self.root = root
        self.environment = outside(str(FOLDER), str(FOLDER.parents[2]))
        self._workers = []
        with closing(self.database()) as connection:
            connection.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, shipped)")

    def database(self):
        return sqlite3.connect(self.root / "shop.sqlite")

    def shipped(self):
        with closing(self.database()) as connection:
            return connection.execute("SELECT number, shipped FROM orders").fetchall()

    def run(self, *command, **env):
        return subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **env},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def flask(self, *arguments):
        """The output of a command of Flask's."""
        done = self.run(*FLASK, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def requests(self, code):
        """What requests to the application print."""
        done = self.run(sys.executable, "-c", REQUESTS + code)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def work(self, *options):
        command = [*FLASK, "lightjobs"]
        worker = Worker(self.root, len(self._workers), options, self.environment, command)
        self._workers.append(worker)
        return worker

    def close(self):
        for worker in self._workers:
            worker.close()


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    made.flask("lightjobs", "migrate:up")
    yield made
    made.close()


def test_a_worker_ships_what_requests_dispatch_each_in_a_context_of_its_own(shop):
    shop.requests("for n in range(6): assert client.post(f'/orders/{n}').status_code == 200\n")
    (shop.root / "closed").unlink()
    worker = shop.work("--workers=2", "--stop-when-empty")
    assert worker.wait() == 0, worker.err
    assert shop.shipped() == [(n, 1) for n in range(6)]
    assert (shop.root / "closed").read_text().count("closed") == 6


def test_a_child_that_is_started_anew_loads_the_application(shop):
    shop.requests("client.post('/orders/4'); client.post('/orders/6')\n")
    shop.requests("shop.ShipOrder().dispatch({'order': 4, 'dies': True})\n")
    worker = shop.work("--workers=1")
    wait_until(lambda: shop.shipped() == [(4, 2), (6, 1)], what=worker.err)
    assert worker.stop() == 0


def test_commands_keep_their_arguments_and_their_exit_status(shop):
    done = shop.run(*FLASK, "lightjobs", "job:wrok")
    assert (done.returncode, "job:work" in done.stderr) == (2, True)
    assert "--queue" in shop.flask("lightjobs", "job:work", "--help")
    assert "Run a command of lightjobs" in shop.flask("--help")
    assert "all is well: engine database" in shop.flask("lightjobs", "check")


def test_the_page_is_shown_to_those_whom_the_session_names(shop):
    page = "answer = client.get('/jobs/'); print(answer.status_code, 'Queues' in answer.text)\n"
    assert shop.requests(page) == "403 False\n"
    assert shop.requests("client.post('/login/read')\n" + page) == "200 True\n"
    pause = (
        "form = {'action': 'pause', 'queue': 'default'}\n"
        "headers = {'Sec-Fetch-Site': 'same-origin'}\n"
        "print(client.post('/jobs/queues', data=form, headers=headers).status_code)\n"
    )
    assert shop.requests("client.post('/login/read')\n" + pause) == "403\n"
    assert shop.requests("client.post('/login/write')\n" + pause) == "303\n"
    assert "paused" in shop.flask("lightjobs", "job:stats")


def test_without_a_prefix_there_is_no_page(shop):
    code = "other = shop.create_app(prefix='').test_client()\n"
    code += "print(other.get('/jobs/').status_code)\n"
    assert shop.requests(code) == "404\n"


def test_a_job_that_runs_in_a_request_is_part_of_it(shop):
    code = (
        "import flask, lightjobs\n"
        "app = shop.create_app()\n"
        "class Looks(lightjobs.Job):\n"
        "    def handle(self):\n"
        "        return flask.g.get('seen')\n"
        "lightjobs.engine()\n"
        "with app.app_context():\n"
        "    flask.g.seen = 'in the request'\n"
        "    print(Looks().dispatchSync({}))\n"
        "print(Looks().dispatchSync({}))\n"
    )
    assert shop.requests(code) == "in the request\nNone\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("shop.jobs._authorize = None\nshop.create_app()", "nothing says who may see the page"),
        ("shop.create_app(prefix='jobs')", "LIGHTJOBS_WEB_PREFIX is 'jobs'; allowed: a path"),
        ("shop.create_app(prefix='/jobs/')", "ends with none"),
        (
            "app = shop.flask.Flask('a'); app.config['LIGHTJOBS'] = 'redis'\nshop.Lightjobs(app)",
            "LIGHTJOBS is str; allowed: a dict",
        ),
        (
            "app = shop.flask.Flask('a'); app.config['LIGHTJOBS'] = {'leese': 1}\n"
            "shop.Lightjobs(app)",
            "'leese', did you mean lease?",
        ),
    ],
)
def test_wrong_settings_are_refused(tmp_path, code, message):
    shop = Shop(tmp_path)
    done = shop.run(sys.executable, "-c", f"import shop\n{code}")
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
