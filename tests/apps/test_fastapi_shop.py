"""The FastAPI shop under uvicorn, in processes of their own, on PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.environment import outside
from tests.support.servers.programs import free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "fastapi_shop"

ORDERS = "CREATE TABLE orders (number int PRIMARY KEY, shipped int, billed bool)"


class Uvicorn:
    """The shop, served."""

    def __init__(self, root, database, driver, *options):
        self.port = free_port()
        self._log = root / "uvicorn.log"
        place = database.partition("://")[2]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "shop:app", f"--port={self.port}", *options],
                cwd=root,
                env={
                    **outside(str(FOLDER)),
                    "SHOP_DATABASE": f"postgresql+psycopg://{place}",
                    "SHOP_ASYNC": f"postgresql+{driver}://{place}",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: self.answers() or self.process.poll() is not None, 60, "the shop")
        assert self.process.poll() is None, self.log

    @property
    def log(self):
        return self._log.read_text()

    def answers(self):
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.port}/orders").status_code == 200

    def post(self, path):
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def orders(self):
        return httpx.get(f"http://127.0.0.1:{self.port}/orders").json()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def database(clean_postgres):
    given = clean_postgres.settings
    login = f"{given.user}:{given.password}@{given.host}:{given.port}/{given.name}"
    clean_postgres.query("DROP TABLE IF EXISTS orders")
    clean_postgres.query(ORDERS)
    clean_postgres.query("GRANT ALL ON orders TO lightjobs")
    yield f"postgresql://{login}"
    clean_postgres.query("DROP TABLE orders")


@pytest.fixture
def serve(tmp_path, database):
    made = []

    def start(driver="asyncpg", *options):
        made.append(Uvicorn(tmp_path, database, driver, *options))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_an_order_is_shipped_by_a_job_of_its_transaction(serve, clean_postgres, driver):
    shop = serve(driver)
    assert [shop.post(f"/orders/{n}").status_code for n in range(10)] == [201] * 10
    assert shop.post("/orders/99?paid=false").status_code == 402
    assert shop.post("/orders/3").status_code == 500  # there is one
    wait_until(lambda: shop.orders() == [[n] for n in range(10)])
    assert clean_postgres.query("SELECT count(*) FROM orders WHERE number = 99") == [(0,)]
    wait_until(lambda: clean_postgres.query("SELECT count(*) FROM jobs") == [(0,)])
    assert shop.stop() in (0, -signal.SIGTERM)  # uvicorn raises the signal again at its end
    opens, closed = shop.log.index("the shop opens"), shop.log.index("the shop is closed")
    assert opens < closed
    assert "attached to a different loop" not in shop.log


def test_several_processes_say_how_many_threads_they_have_in_all(serve, clean_postgres):
    shop = serve("asyncpg", "--workers=2")
    line = "2 threads of this process work the queues default; the server has 2 processes, so 4"
    wait_until(lambda: shop.log.count(line) == 2, what=shop.log)
    shop.post("/orders/1")
    wait_until(lambda: shop.orders() == [[1]])
    query = "SELECT count(*) FROM job_workers"
    wait_until(lambda: clean_postgres.query(query) == [(4,)], what="the workers")
    shop.stop()


def test_a_server_that_reloads_has_one_process_with_workers(serve, clean_postgres):
    shop = serve("asyncpg", "--reload")
    shop.post("/orders/1")
    wait_until(lambda: shop.orders() == [[1]])
    assert "in all" not in shop.log
    assert clean_postgres.query("SELECT count(*) FROM job_workers") == [(2,)]
    shop.stop()
