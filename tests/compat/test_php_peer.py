"""The PHP scripts write what Lightpack writes: held against the recorded examples."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .recorded import BIRTHDAY, MOMENTS, NOTE

ROWS = {
    name: store
    for line in Path(__file__).with_name("recorded_table.jsonl").read_text().splitlines()
    for name, store in [json.loads(line).values()]
}
"""The rows that Lightpack itself had in its table at each moment of a job's life."""

DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
HANDLER = "App\\Jobs\\ProcessPayment"


def shape(text: bytes, job_id: str) -> str:
    """A stored job without what differs from run to run."""
    plain = DATE.sub("<time>", text.decode().replace(job_id, "<id>"))
    return re.sub(r's:\d+:"RuntimeException.*?main}"', "<exception>", plain, flags=re.DOTALL)


def test_the_scripts_write_what_lightpack_has_written(shared):
    php = shared.php
    job_id = php("dispatch", handler=HANDLER, payload=NOTE, queue="payments")
    steps = {
        "dispatched": lambda: None,
        "claimed": lambda: php("claim", queue="payments"),
        "released for +30 seconds": lambda: (
            php("release", id=job_id, queue="payments", delay="+30 seconds"),
            shared.raw.zadd("jobs:queue:payments", {job_id: BIRTHDAY}),
        ),
        "claimed again": lambda: php("claim", queue="payments"),
        "failed": lambda: php("fail", id=job_id, text="Card declined"),
        "retried": lambda: php("retry", id=job_id),
    }
    for moment, step in steps.items():
        step()
        recorded = MOMENTS[moment]
        assert shape(shared.text(job_id), job_id) == shape(recorded.text, recorded.id), moment
        assert shared.keys() == recorded.keys(job_id), moment
    php("done", id=job_id)
    shared.raw.delete("jobs:queue:payments")
    assert shared.keys() == set()


def test_the_scripts_write_an_empty_payload_as_lightpack_does(shared):
    job_id = shared.php("dispatch", handler="App\\Jobs\\Billing\\SendInvoice", payload={})
    recorded = MOMENTS["dispatched with an empty payload and +5 minutes"]
    assert shape(shared.text(job_id), job_id) == shape(recorded.text, recorded.id)


@pytest.fixture
def lightpacks_table(table):
    """As Lightpack's migration makes it; ours has not run."""
    table.server.reset()
    table.php("migrate")
    yield table
    table.server.reset()


def row_shape(row):
    """A row without what differs from run to run, and between PHP's files; nulls are kept."""
    texts = {name: DATE.sub("<time>", v) if isinstance(v, str) else v for name, v in row.items()}
    said = texts["exception"] and texts["exception"].split("\n")[0].split(":")[0]
    return {**texts, "exception": said}


def test_the_scripts_write_the_rows_that_lightpack_has_written(lightpacks_table):
    table, php = lightpacks_table, lightpacks_table.php
    job_id = php("dispatch", handler=HANDLER, payload=NOTE, queue="payments")
    steps = {
        "dispatched": lambda: None,
        "claimed": lambda: php("claim", queue="payments"),
        "released for +30 seconds": lambda: (
            php("release", id=job_id, queue="payments", delay="+30 seconds"),
        ),
        "claimed again": lambda: (
            table.server.query("UPDATE jobs SET scheduled_at = '2020-01-01'"),
            php("claim", queue="payments"),
        ),
        "failed": lambda: php("fail", id=job_id, text="Card declined"),
        "retried": lambda: php("retry", id=job_id),
    }
    for moment, step in steps.items():
        step()
        (recorded,) = ROWS[moment]
        found = php("show", id=job_id)
        assert list(found) == list(recorded), moment
        assert row_shape({**found, "id": 1}) == row_shape(recorded), moment
    php("done", id=job_id)
    assert table.jobs() == 0
    job_id = php("dispatch", handler="App\\Jobs\\Billing\\SendInvoice", payload={})
    (recorded,) = ROWS["dispatched with an empty payload and +5 minutes"]
    assert row_shape({**php("show", id=job_id), "id": 2}) == row_shape(recorded)
