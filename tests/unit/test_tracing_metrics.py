"""What OpenTelemetry is told in numbers, seen by a reader in memory."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from lightjobs import Job, current
from lightjobs.errors import StoreUnavailable
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import Settings
from lightjobs.tracing import Metrics
from lightjobs.tracing.metrics import BOUNDS
from tests.support.engines import Wrapped

from .working import Worker

SENT, CONSUMED = "messaging.client.sent.messages", "messaging.client.consumed.messages"
DURATION = "messaging.process.duration"
SERVER = {"server.address": "db.example", "server.port": 5432}


class Work(Job):
    attempts = 2

    def handle(self):
        match self.payload.get("end"):
            case "raise":
                raise ValueError("boom")
            case "release":
                self.release("+1 hour")


@pytest.fixture
def reader():
    return InMemoryMetricReader()


@pytest.fixture
def measuring(engine, reader):
    """Configure the metrics of `engine`, or of another."""

    def use(used=engine, **values):
        made = MeterProvider([reader], shutdown_on_exit=False)
        kind = type("Measured", (Metrics,), {"provider": lambda self: made, **values})
        database = DatabaseSettings("pgsql", host="db.example")
        current.use(used, Settings("database", database=database, middleware=(kind,)))

    return use


def metrics(reader):
    """The metrics by name."""
    (resource,) = reader.get_metrics_data().resource_metrics
    (scope,) = resource.scope_metrics
    return {metric.name: metric for metric in scope.metrics}


def points(metric):
    """What was counted or measured, by the queue and the error."""
    return {
        (point.attributes["messaging.destination.name"], point.attributes.get("error.type")): point
        for point in metric.data.data_points
    }


def test_dispatches_and_runs_are_counted_and_measured(measuring, engine, reader):
    measuring()
    Work.dispatchMany([{}, {}, {"end": "release"}])
    Work().setQueue("other").dispatch({"end": "raise"})
    Worker(engine, queues=("default", "other")).run()
    found = metrics(reader)
    assert {name: metric.unit for name, metric in found.items()} == {
        SENT: "{message}",
        CONSUMED: "{message}",
        DURATION: "s",
    }
    sent, consumed, durations = (points(found[name]) for name in (SENT, CONSUMED, DURATION))
    assert {key: point.value for key, point in sent.items()} == {
        ("default", None): 3,
        ("other", None): 1,
    }
    assert {key: point.value for key, point in consumed.items()} == {
        ("default", None): 3,
        ("other", None): 2,
    }
    assert {key: point.count for key, point in durations.items()} == {
        ("default", None): 3,
        ("other", "ValueError"): 2,
    }
    assert durations["default", None].explicit_bounds == BOUNDS
    assert dict(durations["default", None].attributes) == {
        "messaging.system": "lightjobs",
        "messaging.operation.name": "process",
        "messaging.destination.name": "default",
        **SERVER,
    }


def test_a_dispatch_that_fails_is_counted_with_its_error(measuring, engine, reader):
    def away(_jobs):
        raise StoreUnavailable("away")

    measuring(Wrapped(engine, push=away))
    with pytest.raises(StoreUnavailable):
        Work().dispatch()
    ((key, point),) = points(metrics(reader)[SENT]).items()
    assert key == ("default", "lightjobs.errors.StoreUnavailable")
    assert point.value == 1


def test_without_a_provider_nothing_happens(engine, configured):
    current.use(engine, configured._replace(middleware=(Metrics,)))
    Work().dispatch()
    Worker(engine).run()
    assert engine.stats() == {}


def test_a_provider_that_cannot_be_made_is_logged_once_and_breaks_nothing(
    measuring, engine, caplog
):
    def provider(self):
        raise OSError("no such host")

    measuring(provider=provider)
    Work.dispatchMany([{}, {}])
    Worker(engine).run()
    assert engine.stats() == {}
    assert caplog.text.count("this process measures nothing") == 1


def test_close_flushes_the_provider():
    flushed = []

    class Provider(MeterProvider):
        def force_flush(self, timeout_millis=10_000):
            flushed.append(timeout_millis)
            return True

    made = type("Own", (Metrics,), {"provider": lambda self: Provider(shutdown_on_exit=False)})()
    made.close()
    assert flushed == [], "nothing was counted"
    made._ready()
    made.close()
    assert flushed == [2000]
