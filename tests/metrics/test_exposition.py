"""The texts of /metrics: word for word, and as Prometheus reads them."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_open
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from lightjobs.metrics import exposition
from lightjobs.metrics.exposition import OPEN, PLAIN
from lightjobs.metrics.families import Family
from lightjobs.metrics.program import as_metrics
from lightjobs.metrics.runs import RunMetrics
from lightjobs.metrics.store import StoreMetrics

from .samples import promtool, some_store, some_vitals

HERE = Path(__file__).parent
# What differs from one run to the next.
PASSING = re.compile(
    r'((?:latency|scrape_duration)_seconds\S*|version=|python=)(?: [\d.e-]+|"[^"]+")'
)


def texts():
    store = StoreMetrics(some_store())
    return {
        "worker": RunMetrics("redis").families(some_vitals()),
        "store": store.families(),
    }


@pytest.mark.parametrize("name", ["worker", "store"])
def test_the_text_is_what_it_was(name):
    """Names and labels are contracts: dashboards and alerts of users depend on them."""
    found = PASSING.sub(r"\1 …", exposition.text(texts()[name]))
    assert found == (HERE / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["worker", "store"])
def test_prometheus_has_nothing_to_say_against_it(name):
    assert promtool("check", "metrics", text=exposition.text(texts()[name])) == ""


@pytest.mark.parametrize(("format", "read"), [(PLAIN, parse), (OPEN, parse_open)])
@pytest.mark.parametrize("name", ["worker", "store"])
def test_it_is_read_as_what_the_client_library_writes(name, format, read):
    families = texts()[name]

    class Same:
        def collect(self):
            return as_metrics(families)

    registry = CollectorRegistry()
    registry.register(Same())
    write = generate_latest if format == PLAIN else generate_open

    def samples(text):
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in read(text)
            for sample in family.samples
        }

    assert samples(exposition.text(families, format)) == samples(write(registry).decode())


HOSTILE = ['"', "\\", "\n", "a\\nb", '"} 1\nup{x="', "ü💥", "\ud800", ""]


@pytest.mark.parametrize("value", HOSTILE)
def test_any_label_value_stays_one(value):
    family = Family("some", "gauge", "Help\nwith \\ and lines.", ("queue",))
    family.add(1.5, value)
    for format, read in ((PLAIN, parse), (OPEN, parse_open)):
        text = exposition.text([family], format)
        text.encode()
        (found,) = read(text)
        (sample,) = found.samples
        expected = value.encode("utf-8", "backslashreplace").decode()
        assert (sample.labels, sample.value) == ({"queue": expected}, 1.5)


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", PLAIN),
        ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.4", OPEN),
        ("text/plain, Application/OpenMetrics-Text", OPEN),
    ],
)
def test_the_format_is_what_the_scraper_accepts(accept, format):
    assert exposition.content_type(accept) == format


def test_numbers_are_written_as_prometheus_reads_them():
    family = Family("some", "gauge", "Help.", ("n",))
    for number, value in enumerate((float("inf"), float("-inf"), 1e300, 0.1, 2**60)):
        family.add(value, str(number))
    (found,) = parse(exposition.text([family]))
    assert [sample.value for sample in found.samples] == [
        *(float("inf"), float("-inf"), 1e300, 0.1, 2.0**60)
    ]
