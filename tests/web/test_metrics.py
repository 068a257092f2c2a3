"""`/metrics` of the page."""

from werkzeug.test import Client

from lightjobs.errors import StoreUnavailable
from lightjobs.model import NewJob
from lightjobs.web.access import Everybody
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.store import Store
from tests.support.engines import Wrapped


def test_prometheus_is_told_what_the_store_tells(visit, engine):
    engine.push([NewJob("A", 'ma"il', "{}")])
    answer = visit("read").get("/metrics")
    assert (answer.status_code, answer.content_type) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    assert 'lightjobs_queue_jobs{queue="ma\\"il",status="waiting"} 1\n' in answer.text
    assert "lightjobs_store_up 1\n" in answer.text


def test_openmetrics_is_told_if_it_is_asked_for(visit):
    answer = visit("read").get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_store_that_is_away_is_a_metric(engine):
    def away(*arguments):
        raise StoreUnavailable("redis: connection refused")

    client = Client(WebApp(Store(Wrapped(engine, workers=away)), Everybody("read"), Options()))
    answer = client.get("/metrics")
    assert (answer.status_code, "lightjobs_store_up 0" in answer.text) == (200, True)
