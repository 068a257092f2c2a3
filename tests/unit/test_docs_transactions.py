import asyncio
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


def test_the_transaction_of_an_asyncio_program_does_what_the_docs_say(engine):
    (code,) = blocks("docs/how-to/transactions.md", "In an asyncio program")
    with sqlite3.connect("shop.sqlite") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, shipped)")
    names = run(code, __name__)

    async def main():
        await names["place_order"](42)
        with pytest.raises(Exception, match="UNIQUE"):
            await names["place_order"](42)
        await names["engine"].dispose()

    asyncio.run(main())
    assert connection.execute("SELECT * FROM orders").fetchall() == [(42, 0)]
    connection.close()
    assert engine.stats()["default"]["new"] == 1
