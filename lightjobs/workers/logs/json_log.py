"""The log as JSON, for programs: one stream, one shape. Each line is an object with these keys, of
which those are absent that have no meaning for the event:

time, level, event, worker, pid, handler, queue, id, attempt, what belongs to the event, traceback,
trace_id, span_id
"""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict
from json.encoder import encode_basestring_ascii as json_text
from time import time_ns

from ...errors import JobReleased, RateLimited
from ...execution.run import Run
from ...model import Claim, Done, Expired, Failed, HandBack, Release
from ...process import log_fields
from . import clock
from .buffered import BufferedJobLog
from .job_log import reason, reason_to_hand_back

PRINTED = frozenset(("failed", "retried", "lost"))
"""The events of log records for which this job log has lines of its own, with more in them."""

_RECORD_KEYS = {
    "job_handler": "handler",
    "job_queue": "queue",
    "job_id": "id",
    "job_attempt": "attempt",
    "job_end": "end",
}
"""The attributes of log records that are keys here."""


class JsonJobLog(BufferedJobLog):
    """The job log as JSON, which takes the records of `logging` as well."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, has_long_lines=True)
        self._worker = ""
        self._second = (0, "")
        """The present second, and the text that lines begin with in it."""
        self._forget_heads()

    def _forget_heads(self) -> None:
        self._heads: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
        """By event, handler and queue, what stands between the time and the id: to make it for each
        line would take longer than a short job."""

    def of_worker(self, name: str) -> None:
        self._worker = name
        self._forget_heads()

    def forget(self) -> None:
        super().forget()
        self._forget_heads()  # a forked process has another id

    def _begin(self, ms: int) -> str:
        """The beginning of a line of this moment, in milliseconds of unix time."""
        begin, text = self._second
        if not 0 <= ms - begin < 1000:
            begin = ms // 1000 * 1000
            text = f'{{"time": "{clock.second_text(begin // 1000)}'
            self._second = (begin, text)
        return text + clock.MILLISECONDS[ms - begin]

    def _origin(self, level: str, event: str, worker: str) -> str:
        """What follows the time in each line."""
        named = f'"worker": {json_text(worker)}, ' if worker else ""
        begin = f'", "level": {json_text(level)}, "event": {json_text(event)}'
        return f'{begin}, {named}"pid": {os.getpid()}'

    def _head(self, event: str, claim: Claim, level: str = "info") -> str:
        heads = self._heads[event]
        try:
            return heads[claim.handler][claim.queue]
        except KeyError:
            handler, queue = json_text(claim.handler), json_text(claim.queue)
            origin = self._origin(level, event, self._worker)
            head = f'{origin}, "handler": {handler}, "queue": {queue}, "id": '
            if len(heads) < 1000:  # there is no limit to the names of unknown handlers
                heads.setdefault(claim.handler, {})[claim.queue] = head
            return head

    def _of_job(self, event: str, claim: Claim, more: str = "", level: str = "info") -> None:
        begin, head = self._begin(time_ns() // 1_000_000), self._head(event, claim, level)
        self._lines.append(
            f'{begin}{head}{json_text(claim.id)}, "attempt": {claim.attempts}{more}}}\n'
        )

    def event(self, name: str, text: str, **fields: object) -> None:
        self._other(time_ns() // 1_000_000, self._origin("info", name, self._worker), fields)

    def _other(self, ms: int, origin: str, fields: dict[str, object]) -> None:
        """Write a line that is not about the run of a job."""
        more = json.dumps(fields, default=str)[1:-1]
        self.write_soon(f"{self._begin(ms)}{origin}{', ' if more else ''}{more}}}\n")

    def record(self, record: logging.LogRecord, traceback: str | None) -> None:
        """A line for what was logged elsewhere, unless there is one already."""
        event = getattr(record, "job_event", "log")
        if event in PRINTED:
            return
        known = record.__dict__
        fields = {key: known[name] for name, key in _RECORD_KEYS.items() if name in known}
        fields |= {"logger": record.name, "message": record.getMessage(), **log_fields.here()}
        if traceback:
            fields["traceback"] = traceback
        worker = getattr(record, "job_worker", self._worker)
        origin = self._origin(record.levelname.lower(), event, worker)
        self._other(int(record.created * 1000), origin, fields)

    def started(self, claim: Claim) -> None:
        self._of_job("processing", claim)

    def ended(self, run: Run) -> None:
        if type(run.outcome) is Done:
            self._of_job("processed", run.claim, f', "ms": {run.seconds * 1000:.3f}{_trace(run)}')
        else:
            self._ended_otherwise(run)

    def _ended_otherwise(self, run: Run) -> None:
        outcome = run.outcome
        ms = f', "ms": {run.seconds * 1000:.3f}{_trace(run)}'
        if type(outcome) is HandBack:
            self._of_job("handed back", run.claim, f"{ms}{_reason(reason_to_hand_back(run))}")
        elif type(outcome) is Failed:
            more = f"{ms}{_reason(reason(run))}{_traceback(outcome.exception)}"
            self._of_job("failed", run.claim, more, "warning")
        elif type(outcome) is Release:
            self._released(run, outcome, ms)
        elif type(outcome) is Expired:
            self._of_job("cancelled", run.claim, _reason(outcome.exception))
        super().ended(run)

    def _released(self, run: Run, outcome: Release, ms: str) -> None:
        due = f'"{clock.iso(outcome.due)}"'
        if not isinstance(run.exception, JobReleased):
            traceback = _traceback(outcome.exception)
            more = f'{ms}{_reason(reason(run))}, "retry_at": {due}{traceback}'
            self._of_job("retried", run.claim, more)
        elif isinstance(run.exception, RateLimited):
            self._of_job("rate limited", run.claim, f'{ms}, "until": {due}')
        else:
            self._of_job("released", run.claim, f'{ms}, "until": {due}')

    def lost(self, run: Run) -> None:
        self._of_job("lost", run.claim, level="warning")

    def cancelled(self, run: Run) -> None:
        self._of_job("cancelled", run.claim)


class QuietJsonJobLog(JsonJobLog):
    """Only what is a warning or worse."""

    def event(self, name: str, text: str, **fields: object) -> None:
        pass

    def started(self, claim: Claim) -> None:
        pass

    def ended(self, run: Run) -> None:
        if type(run.outcome) is not Done:
            super().ended(run)

    def _of_job(self, event: str, claim: Claim, more: str = "", level: str = "info") -> None:
        if level != "info":
            super()._of_job(event, claim, more, level)


def _trace(run: Run) -> str:
    """The ids of the run's trace, if there is one."""
    if log_fields.source is None or run.variables is None:
        return ""
    # A copy: the context may be the current one.
    ids = run.variables.copy().run(log_fields.here)
    return "".join(f', "{name}": {json_text(value)}' for name, value in ids.items())


def _reason(text: str) -> str:
    return f', "reason": {json_text(text)}'


def _traceback(text: str | None) -> str:
    return f', "traceback": {json_text(text)}' if text else ""
