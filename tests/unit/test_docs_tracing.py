from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExportResult
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExportResult

from lightjobs import Job, current
from lightjobs.execution import middleware_chain
from lightjobs.process import log_fields
from lightjobs.settings.settings import load
from lightjobs.tracing import Tracing
from tests.support.documents import blocks, run

from .working import Worker


class Mails(Job):
    def handle(self): ...


def test_the_tracing_in_the_docs_makes_linked_spans(project, engine, monkeypatch):
    exported = []

    def export(self, spans):
        exported.extend(spans)
        return SpanExportResult.SUCCESS

    monkeypatch.setattr(log_fields, "source", None)
    monkeypatch.setattr(ConsoleSpanExporter, "export", export)
    code, config = blocks("docs/how-to/tracing.md", "Trace jobs with OpenTelemetry")
    project(
        {
            "app_jobs/__init__.py": "",
            "app_jobs/tracing.py": code,
            "config/jobs.py": f"import lightjobs\n{config}",
        }
    )
    current.use(engine, load())
    Mails().dispatch()
    Worker(engine).run()
    middleware_chain.close()
    send, process = exported
    assert (send.name, process.name) == ("send default", "process default")
    assert process.links[0].context.span_id == send.context.span_id
    assert send.resource.attributes["service.name"] == "shop"


def test_the_metrics_in_the_docs_are_exported(project, engine, monkeypatch):
    exported = []

    def export(self, metrics, *_timeout, **_options):
        exported.append(metrics)
        return MetricExportResult.SUCCESS

    monkeypatch.setattr(ConsoleMetricExporter, "export", export)
    code, config = blocks("docs/how-to/tracing.md", "Metrics")
    project(
        {
            "app_jobs/__init__.py": "",
            "app_jobs/metrics.py": code,
            "config/jobs.py": f"import lightjobs\n{config}",
        }
    )
    current.use(engine, load())
    Mails().dispatch()
    Worker(engine).run()
    middleware_chain.close()
    (scope,) = exported[0].resource_metrics[0].scope_metrics
    assert sorted(metric.name for metric in scope.metrics) == [
        "messaging.client.consumed.messages",
        "messaging.client.sent.messages",
        "messaging.process.duration",
    ]
    middleware_chain.current.closes[0]._provider.shutdown()


def test_the_docs_trace_claims_and_settlements():
    (code,) = blocks("docs/how-to/tracing.md", "Claims and settlements")
    assert run(code, __name__)["TraceAll"]().spans == {"receive", "settle"}


def test_the_docs_make_one_trace():
    (code,) = blocks("docs/how-to/tracing.md", "Link or parent")
    made = run(code, __name__)["OneTrace"]()
    assert isinstance(made, Tracing)
    assert made.follow == "parent"
