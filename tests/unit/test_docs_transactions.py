import sqlite3

import pytest

from lightjobs import current
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.documents import blocks, run

from .working import Worker


@pytest.fixture
def engine(configured, tmp_path):
    made = SqlEngine(Sqlite(DatabaseSettings(name=str(tmp_path / "shop.sqlite"))))
    made.schema.install()
    current.use(made, configured)
    yield made
    made.close()


def test_the_transactions_in_the_docs_do_what_they_say(engine):
    (code,) = blocks("docs/how-to/transactions.md", "Dispatch in your transaction")
    connection = sqlite3.connect("shop.sqlite")
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, shipped)")
    job_id = run(code, __name__)["job_id"]
    assert engine.find(job_id).payload == '{"order":42}'
    counts = {queue: counted["new"] for queue, counted in engine.stats().items()}
    assert counts == {"shipping": 3, "default": 1}
    Worker(engine, queues=("shipping", "default")).run()
    assert engine.stats() == {}
    assert connection.execute("SELECT * FROM orders").fetchall() == [(42, 1)]
    connection.close()
