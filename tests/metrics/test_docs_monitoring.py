"""The examples of docs/how-to/monitoring.md."""

import re

import pytest
from prometheus_client import REGISTRY

from lightjobs import current
from lightjobs.engines.memory import MemoryEngine
from lightjobs.execution import middleware_chain
from lightjobs.metrics import Pushes
from lightjobs.model import NewJob
from lightjobs.settings.settings import Settings
from tests.support.documents import blocks, page, run
from tests.support.notes import PAY

from .samples import promtool

PAGE = "docs/how-to/monitoring.md"


def test_metrics_in_your_own_program(monkeypatch):
    monkeypatch.setattr(Pushes, "_counter", None)
    own, config = blocks("docs/how-to/monitoring.md", "Metrics in your own program")
    (name,) = run(config, "config.jobs")["jobs"]["middleware"]
    current.use(MemoryEngine(), Settings("memory", middleware=(name,)))
    registered = []
    try:
        with monkeypatch.context() as patch:
            patch.setattr(REGISTRY, "register", registered.append)
            run(own, "app.metrics")
        (collected, *_) = [metric for made in registered for metric in made.collect()]
        assert collected.name == "lightjobs_runs"
        middleware_chain.pushed(["1"], [NewJob(PAY, "q", "{}")])
        (metric,) = Pushes._counter.collect()
        assert metric.samples[0].labels == {"queue": "q", "handler": "App.Jobs.ProcessPayment"}
    finally:
        REGISTRY.unregister(Pushes._counter)
        current.use(None)


def test_the_query_to_scale_by_is_understood(tmp_path):
    (text,) = blocks(PAGE, "Scale by latency", "yaml")
    (query,) = re.findall(r"query: (.*)", text)
    rules = tmp_path / "rules.yml"
    rules.write_text(f"groups: [{{name: a, rules: [{{record: 'a', expr: '{query}'}}]}}]")
    assert "1 rules found" in promtool("check", "rules", str(rules))


def queries():
    text = page(PAGE).prose
    return dict(re.findall(r"^\| `(postgresql|mysql)` \| `(SELECT .*?)` \|$", text, re.MULTILINE))


SERVERS = [("postgresql", "postgres"), ("mysql", "mariadb")]


@pytest.mark.parametrize(("trigger", "server"), SERVERS)
def test_the_queries_to_scale_by_count_due_jobs(request, trigger, server):
    store = request.getfixturevalue(f"clean_{server}")
    engine = store.engine()
    due, later = NewJob(PAY, "mail", "{}"), NewJob(PAY, "mail", "{}", 4e9)
    engine.push([due, due, later, NewJob(PAY, "other", "{}")])
    engine.close()
    assert store.query(queries()[trigger]) == [(2,)]
