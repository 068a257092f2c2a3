"""docs/how-to/own-engine.md: its blocks, run as a reader would."""

import sys

import lightjobs
from lightjobs import current
from tests.support.documents import blocks


def test_the_example_is_an_engine_that_remembers_what_was_dispatched(project, monkeypatch):
    source, use = blocks("docs/how-to/own-engine.md", "An example")
    project({"shop_outbox.py": source})
    monkeypatch.setenv("JOB_ENGINE", "shop_outbox:Outbox")
    current.use(None)
    try:
        exec(use, {"__name__": "more_jobs.example"})
        assert lightjobs.engine().name == "outbox"
    finally:
        del sys.modules["shop_outbox"]
