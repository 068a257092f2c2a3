"""The lines of the job log: what they say of a job."""

import json
import os
import pty
import re
import time
from datetime import datetime, timedelta

import pytest

from lightjobs import Job
from lightjobs.execution import registry
from lightjobs.workers.logs import json_log, logging_setup

from .log_lines import Ends, done, written_fixture  # noqa: F401
from .support import claim, run


def print_all(printed, **fields):
    printed.started(claim("App\\Jobs\\Pay", id="7", **fields))
    for payload, attempts in (("{}", 1), ('{"release":1}', 1), ('{"boom":"no"}', 1)):
        result = run(Ends, payload, id="7", attempts=attempts)
        result.seconds = 0.0123
        printed.ended(result)
    printed.ended(run(Ends, '{"boom":"no"}', id="7", options='{"attempts":2}'))
    printed.lost(run(Ends, id="7"))
    printed.cancelled(run(Ends, id="7"))
    printed.flush()


def test_text_has_a_line_for_each_start_and_end(written):
    print_all(written.make())
    name = registry.handler_of(Ends)
    again = "(attempt 1, again at 2030-01-02 03:04:05 UTC)"
    lines = written.text().splitlines()
    assert [line[19:] for line in lines] == [
        " [PROCESSING]........ App\\Jobs\\Pay #ID: 7",
        f" [PROCESSED]......... {name} #ID: 7 (12.3 ms)",
        f" [RELEASED].......... {name} #ID: 7 until 2030-01-02 03:04:05 UTC",
        f" [FAILED]............ {name} #ID: 7 ValueError: no",
        f" [RETRIED]........... {name} #ID: 7 ValueError: no {again}",
        f" [LOST].............. {name} #ID: 7 its outcome was refused: another worker has the job",
        f" [CANCELLED]......... {name} #ID: 7 its outcome is dropped",
    ]
    for line in lines:
        assert abs(time.mktime(time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")) - time.time()) < 60


def test_on_a_terminal_the_time_has_no_date_and_no_color_is_respected(monkeypatch):
    ours, theirs = pty.openpty()
    for no_color, color in (("", r"\x1b\[32m"), ("1", "")):
        monkeypatch.setenv("NO_COLOR", no_color)
        printed = logging_setup.make("text", False, theirs)
        printed.ended(done("1"))
        printed.flush()
        line = os.read(ours, 1000).decode()
        assert re.match(rf"\d\d:\d\d:\d\d{color} \[PROCESSED\]", line), line
    os.close(ours)
    os.close(theirs)


def test_colour_is_used_only_when_asked_for_and_always_ended(written):
    print_all(written.colored())
    for line in written.text().splitlines():
        assert line[19:].startswith("\x1b[")
        assert line.count("\x1b[0m") == line.count("\x1b[") / 2


def test_json_has_an_object_a_line(written):
    print_all(written.make("json"), queue="mail")
    objects = written.objects()
    events = ["processing", "processed", "released", "failed", "retried", "lost", "cancelled"]
    assert [o["event"] for o in objects] == events
    first = objects[0]
    assert (first["handler"], first["id"], first["queue"], first["attempt"]) == (
        "App\\Jobs\\Pay",
        "7",
        "mail",
        1,
    )
    assert objects[1]["ms"] == 12.3
    assert objects[2]["until"] == objects[4]["retry_at"] == "2030-01-02T03:04:05.000+00:00"
    for failed in objects[3:5]:
        assert failed["reason"] == "ValueError: no"
        assert failed["traceback"].startswith(
            "ValueError: no\n\nTraceback (most recent call last):"
        )


def test_all_json_lines_have_one_shape(written):
    printed = written.make("json")
    printed.of_worker("host:1:ab")
    printed.event("ready", "for people", seconds=0.5)
    print_all(printed, queue="mail")
    objects = written.objects()
    shape = ["time", "level", "event", "worker", "pid", "handler", "queue", "id", "attempt"]
    assert list(objects[0]) == [*shape[:5], "seconds"]
    for each in objects[1:]:
        assert list(each)[:9] == shape
    for each in objects:
        moment = datetime.fromisoformat(each["time"])
        assert moment.utcoffset() == timedelta(0)
        assert abs(moment.timestamp() - time.time()) < 60
        assert (each["worker"], each["pid"]) == ("host:1:ab", os.getpid())
        assert each["level"] == ("warning" if each["event"] in ("failed", "lost") else "info")


def test_the_time_of_json_lines_is_right_in_each_millisecond(written, monkeypatch):
    moments = [5_999, 6_000, 6_001, 5_999, 7_000, 1_999_999_999_999]
    times = iter(moments)
    monkeypatch.setattr(json_log, "time_ns", lambda: next(times) * 1_000_000 + 999_999)
    printed = written.make("json")
    for _moment in moments:
        printed.started(claim())
    printed.flush()
    found = [datetime.fromisoformat(each["time"]).timestamp() for each in written.objects()]
    assert found == [moment / 1000 for moment in moments]


def test_quiet_prints_nothing_as_text_and_only_warnings_as_json(written):
    print_all(written.make(quiet=True))
    assert written.text() == ""
    printed = written.make("json", quiet=True)
    printed.event("ready", "for people")
    print_all(printed)
    assert [each["event"] for each in written.objects()] == ["failed", "lost"]


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "\r", "\u202e", "\ud83d", "\x00"])
def test_nothing_of_a_job_acts_on_the_terminal_or_breaks_a_line(written, log_format, hostile):
    printed = written.make(log_format)
    printed.started(claim(f"H{hostile}", queue=f"q{hostile}", id=f"7{hostile}"))
    printed.ended(run(Ends, json.dumps({"boom": hostile})))
    printed.flush()
    text = written.text()
    assert len(text.split("\n")) == 3
    assert all(char.isprintable() for char in text.replace("\n", ""))
    if log_format == "json":
        assert json.loads(text.splitlines()[0])["handler"] == f"H{hostile}"


def test_colour_lets_nothing_of_a_job_through_either(written):
    printed = written.colored()
    printed.started(claim("H\x1b]0;title\x07"))
    printed.ended(run(Ends, json.dumps({"boom": "\x1b]0;title\x07"})))
    printed.ended(done("7"))
    printed.flush()
    text = re.sub(r"\x1b\[\d+m", "", written.text())
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert "H\\x1b]0;title\\x07" in text


def test_a_long_reason_is_cut(written):
    printed = written.make()
    printed.ended(run(Ends, json.dumps({"boom": "x" * 10_000})))
    printed.flush()
    assert len(written.text()) < 420


def test_an_exception_without_text_has_its_type(written):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    class Silent(Job):
        def handle(self):
            raise Mute

    printed = written.make()
    printed.ended(run(Silent))
    printed.flush()
    assert written.text().endswith(" Mute\n")
