"""The charts, and the page of the history."""

import html
import json
import re
import time

import pytest

from lightjobs.notes.observed import NOTHING, SAMPLE, Rate, sums
from lightjobs.web.charts import Charts, window
from lightjobs.web.history import PERIODS

from .observed import add_runs

NOW = 600_000.0 + 30  # in the middle of a minute


def at(place, count):
    """A distribution with `count` runs in one part."""
    return (*NOTHING[:place], count, *NOTHING[place + 1 :])


def charts(*rates, row=300):
    return Charts(sums(rates).buckets, window(NOW, 3600, 60, row))


def series(chart):
    return {each["name"]: each["values"] for each in chart["series"]}


def test_a_window_ends_with_the_bucket_that_has_not_ended():
    shown = window(NOW, 3600, 60, 300)
    assert (shown.first, shown.number, shown.unfinished) == (600_000 - 59 * 60, 60, 600_000)


def test_runs_are_counted_by_the_minute_and_the_present_one_for_what_it_is():
    chart = charts(
        Rate(60, 600_000, "q", "A", done=5, failed=1),
        Rate(60, 599_940, "q", "A", done=10),
        Rate(60, 599_940, "r", "B", done=1, retried=2, released=3),
    ).runs()
    assert (chart["at"], chart["gap"], chart["unfinished"]) == ([58, 59], 0, 600_000)
    assert series(chart) == {
        "done": [11, 10],
        "retried": [2, 0],
        "released": [3, 0],
        "failed": [0, 2],
    }


def test_a_minute_that_has_just_begun_tells_no_runs_a_minute():
    shown = window(600_001.0, 3600, 60, 300)
    chart = Charts(sums([Rate(60, 600_000, "q", "A", done=1)]).buckets, shown).runs()
    assert series(chart)["done"] == [None]


def test_the_rows_of_a_table_take_longer_steps_together():
    chart = charts(
        Rate(60, 599_700, "q", "A", done=10),
        Rate(60, 599_940, "q", "A", done=15),
        Rate(60, 600_000, "q", "A", done=4),
    ).runs()
    # The last row has lasted for 30 seconds.
    assert [(row["at"], row["values"][0]) for row in chart["rows"]] == [(600_000, 8), (599_700, 5)]


def test_the_first_row_counts_only_what_lies_in_the_window():
    first = 600_000 - 59 * 60  # a minute before a row of five begins
    chart = charts(Rate(60, first, "q", "A", done=6)).runs()
    (row,) = chart["rows"]
    assert first % 300 == 60
    assert row["values"][0] == 1.5


def test_the_share_of_failing_runs_is_that_of_all_queues_together():
    chart = charts(
        Rate(60, 599_940, "q", "A", done=6),
        Rate(60, 599_940, "r", "A", failed=1, retried=1),
        Rate(60, 599_880, "r", SAMPLE, depth=1, latency=1.0),
    ).failing()
    assert series(chart) == {"failing": [None, 0.25]}


def test_percentiles_are_drawn_within_their_bounds_and_listed_by_them():
    rate = Rate(60, 599_940, "q", "A", done=10, waits=at(3, 10), durations=at(15, 10))
    chart = charts(rate).wait()
    assert chart["log"]
    found = {name: values[0] for name, values in series(chart).items()}
    assert found == pytest.approx({"p50": 0.0375, "p95": 0.04875, "p99": 0.04975}, abs=1e-4)
    assert [value["at_most"] for value in chart["rows"][0]["values"]] == [0.05] * 3
    chart = charts(rate).duration()
    assert series(chart)["p50"] == [1800]
    assert chart["rows"][0]["values"][0]["at_most"] is None


def test_due_jobs_are_added_up_over_queues_and_the_highest_latency_is_shown():
    made = charts(
        Rate(60, 599_880, "q", SAMPLE, depth=7, latency=1.0),
        Rate(60, 599_940, "q", SAMPLE, depth=2, latency=3.0),
        Rate(60, 599_940, "r", SAMPLE, depth=3, latency=0.5),
        Rate(60, 600_000, "q", "A", done=1),
    )
    assert series(made.depth()) == {"depth": [7, 5, None]}
    assert [row["values"] for row in made.depth()["rows"]] == [[None], [7]]
    assert series(made.latency()) == {"latency": [1.0, 3.0, None]}


def note(engine, seconds_ago, span=3600, queue="mail", handler="A", **counts):
    bucket = int(time.time() - seconds_ago) // span * span
    engine.monitoring.note_rates([Rate(span, bucket, queue, handler, **counts)])


@pytest.mark.parametrize("name", PERIODS)
def test_each_period_reads_its_own_buckets(visit, engine, name):
    period = PERIODS[name]
    for span in (60, 600, 3600):
        note(engine, period.seconds - 2 * span, span, done=span)
        note(engine, period.seconds + 2 * span, span, done=5)
    answer = visit("read").get(f"/api/history?span={name}").json
    chart = answer["charts"][0]
    assert (chart["step"], chart["count"]) == (period.span, period.seconds // period.span)
    assert len(chart["at"]) == 1
    assert answer["slowest"][0]["runs"] == period.span


def test_the_sums_of_a_month(visit, engine):
    for days in range(35):
        note(engine, days * 86_400, done=3, failed=1, durations=at(4, 4), waits=at(2, 4))
        note(engine, days * 86_400, handler="B", done=1, durations=at(9, 1))
    note(engine, 86_400, handler=SAMPLE, depth=4, latency=2.0)
    answer = visit("read").get("/api/history?span=35d").json
    assert [chart["name"] for chart in answer["charts"]] == [
        *("runs", "failing", "wait", "duration", "depth", "latency"),
    ]
    assert len(answer["charts"][0]["at"]) == 35
    assert [(row["handler"], row["runs"]) for row in answer["slowest"]] == [("B", 35), ("A", 140)]
    (failing,) = answer["most_failing"]
    assert (failing["handler"], failing["failed"], failing["failing"]) == ("A", 35, 0.25)


def test_charts_mark_when_most_workers_came_to_run_another_version(visit, engine):
    now = time.time()
    rows = [[now - 9e5, "1.0"], [now - 7200, "1.1"], [now - 600, "<b>1.2"]]
    engine.metadata.set("lightjobs: versions of the workers", rows)
    client = visit("read")

    def marked(path):
        return [
            [mark["version"] for mark in chart["marks"]]
            for chart in client.get(path).json["charts"]
        ]

    assert marked("/api/") == [["<b>1.2"]] * 2
    assert marked("/api/queues/mail") == [["<b>1.2"]] * 2
    assert marked("/api/history?span=1h") == [["<b>1.2"]] * 6
    assert marked("/api/history?span=35d&handler=A") == [["1.1", "<b>1.2"]] * 4
    text = client.get("/history?span=8h").text
    assert "came to run another version of lightjobs:\n1.1 at " in text
    assert " UTC,\n&lt;b&gt;1.2 at " in text


def test_the_history_of_one_queue_or_handler(visit, engine):
    note(engine, 0, done=1)
    note(engine, 0, queue="other", handler="B", done=2)
    client = visit("read")

    def runs(query):
        found = client.get(f"/api/history?span=35d&{query}").json
        return {row["handler"]: row["runs"] for row in found["slowest"]}, len(found["charts"])

    assert runs("queue=mail") == ({"A": 1}, 6)
    assert runs("handler=B") == ({"B": 2}, 4)  # how many jobs are due is known of queues only
    assert runs("queue=mail&handler=B") == ({}, 4)


def test_a_period_that_is_none_is_refused(visit):
    answer = visit("read").get("/api/history?span=2h")
    assert answer.status_code == 400
    assert "allowed: 1h, 8h, 3d, 35d" in answer.json["reason"]


def drawn(text):
    return {
        chart["name"]: chart
        for each in re.findall(r"data-chart='([^']*)'", text)
        for chart in [json.loads(html.unescape(each))]
    }


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/", {"runs", "wait"}),
        ("/queues/mail", {"depth", "latency"}),
        ("/history", {"runs", "failing", "wait", "duration", "depth", "latency"}),
    ],
)
def test_a_page_has_its_charts_with_their_tables(visit, engine, path, names):
    add_runs(engine, "mail", "A", done=4)
    note(engine, 0, 60, handler=SAMPLE, depth=3, latency=5.0)
    text = visit("read").get(path).text
    found = drawn(text)
    assert set(found) == names
    assert all("rows" not in chart for chart in found.values())
    assert text.count("as a table</summary>") == len(names)
    assert ("≤ 50 ms" if "wait" in names else "5 s") in text
    if "depth" in names:
        assert found["depth"]["series"][0]["values"] == [3]


def test_a_handlers_name_never_becomes_part_of_the_page(visit, engine):
    hostile = "'><img src=x onerror=alert(1)>"
    add_runs(engine, "mail", hostile, failed=4)
    for path in ("/history", f"/history?handler={hostile}&queue={hostile}"):
        assert "<img" not in visit("read").get(path).text
