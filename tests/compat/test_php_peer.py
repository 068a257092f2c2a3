"""The PHP scripts write what Lightpack writes: held against the recorded examples."""

from __future__ import annotations

import re

from .recorded import BIRTHDAY, MOMENTS, NOTE

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
