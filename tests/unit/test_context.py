import logging
from datetime import UTC, datetime

from lightjobs.execution.context import JobContext

from .support import claim


def test_the_context_shows_what_the_claim_holds():
    context = JobContext(claim("H", id="7", fence=3, queue="mail", attempts=2))
    assert (context.id, context.queue, context.attempt, context.fence) == ("7", "mail", 2, 3)
    assert context.queued_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert "7" in repr(context)
    assert context.cancelled is False


def test_the_logger_marks_each_record_with_the_job(caplog):
    context = JobContext(claim("H", id="7", queue="mail", attempts=2))
    with caplog.at_level(logging.INFO):
        context.logger.info("took %s", 5, extra={"mine": 1})
    (record,) = caplog.records
    assert record.getMessage() == "took 5"
    assert record.name == "lightjobs.job"
    fields = (record.job_id, record.job_handler, record.job_queue, record.job_attempt, record.mine)
    assert fields == ("7", "H", "mail", 2, 1)
