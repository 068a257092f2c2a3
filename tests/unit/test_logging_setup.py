"""What is logged, in the worker and by its jobs, and in which form."""

import io
import logging
import re

import pytest

from lightjobs.execution import registry
from lightjobs.workers.logs import logging_setup

from .log_lines import Ends, written_fixture  # noqa: F401
from .support import claim, run


def log(monkeypatch, printed, quiet=False):
    """Configure logging as in a fresh process, log a few records, return what went to standard
    error."""
    stream = io.StringIO()
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr(logging_setup.sys, "stderr", stream)
    logging_setup.configure(printed, quiet)
    logger = logging.getLogger("lightjobs.job")
    logger.info("info %s", "\x1b[31m", extra={"job_id": "7", "job_handler": "Pay"})
    try:
        try:
            raise KeyError("first")
        except KeyError as first:
            raise ValueError("\x1b[32m") from first
    except ValueError:
        logger.exception("error")
    return stream.getvalue()


def test_the_log_is_text_with_the_time_and_without_escapes(written, monkeypatch):
    text = log(monkeypatch, written.make())
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO lightjobs.job: info \\x1b\[31m\n", text)
    assert "\x1b" not in text
    assert "\nTraceback" in text
    assert written.text() == ""


def test_as_json_the_log_goes_into_the_stream_of_the_job_log(written, monkeypatch):
    printed = written.make("json")
    printed.of_worker("host:1:ab")
    printed.started(claim())
    assert log(monkeypatch, printed) == ""
    started, info, error = written.objects()
    assert started["event"] == "processing"
    assert (info["event"], info["level"], info["message"]) == ("log", "info", "info \x1b[31m")
    assert (info["id"], info["handler"], info["worker"]) == ("7", "Pay", "host:1:ab")
    assert (error["level"], error["logger"]) == ("error", "lightjobs.job")
    assert "ValueError" in error["traceback"]
    assert "KeyError: 'first'" in error["traceback"], "with its cause"


def test_as_json_a_failed_run_has_one_line(written, monkeypatch):
    printed = written.make("json")
    log(monkeypatch, printed)
    before = len(written.objects())
    printed.ended(run(Ends, '{"boom":"no"}'))
    printed.flush()
    assert [each["event"] for each in written.objects()[before:]] == ["failed"]


def test_a_record_that_cannot_be_told_does_not_stop_the_others(written, monkeypatch):
    printed = written.make("json")
    log(monkeypatch, printed)
    logging.getLogger("lightjobs.job").info("%d", "no number")
    logging.getLogger("lightjobs.job").info("after")
    assert written.objects()[-1]["message"] == "after"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_quiet_logs_only_warnings_and_errors(written, monkeypatch, log_format):
    text = log(monkeypatch, written.make(log_format, quiet=True), quiet=True) + written.text()
    assert "info" not in text
    assert "error" in text


def test_an_application_that_set_up_logging_keeps_it(written):
    before = list(logging.root.handlers)
    assert before
    logging_setup.configure(written.make("json"), False)
    assert logging.root.handlers == before


@pytest.mark.parametrize("make", [{}, {"log_format": "json"}, {"quiet": True}])
def test_what_a_failed_run_raised_is_logged_with_its_traceback(written, caplog, make):
    printed = written.make(**make)
    with caplog.at_level(logging.INFO, "lightjobs.worker"):
        for payload, options in (
            ("{}", None),
            ('{"release":1}', None),
            ('{"boom":"\\u001b[31m"}', None),
            ('{"boom":"again"}', '{"attempts":2}'),
        ):
            printed.ended(run(Ends, payload, id="7", options=options))
    name = registry.handler_of(Ends)
    heads = [f"job 7 ({name}, attempt 1) {how}" for how in ("failed for good", "failed, will be")]
    for_good, again = caplog.records
    assert [for_good.levelname, again.levelname] == ["WARNING", "INFO"]
    assert for_good.getMessage().startswith(heads[0] + ": ValueError: \\x1b[31m\n")
    assert again.getMessage().startswith(heads[1] + " retried: ValueError: again\n")
    for record in caplog.records:
        assert "Traceback (most recent call last):" in record.getMessage()
        assert "\x1b" not in record.getMessage()
        assert (record.job_id, record.job_handler) == ("7", name)
        assert (record.job_queue, record.job_attempt) == ("default", 1)
    assert [for_good.job_event, again.job_event] == ["failed", "retried"]


def test_a_logging_handler_that_raises_does_not_reach_the_worker(written, monkeypatch):
    class Raises(logging.Handler):
        def emit(self, record):
            raise OSError("the disk is full")

    monkeypatch.setattr(logging.getLogger("lightjobs.worker"), "handlers", [Raises()])
    written.make().ended(run(Ends, '{"boom":"no"}'))
