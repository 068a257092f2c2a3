"""Jobs in each state, for the tests of the pages."""

from __future__ import annotations

import html
import re

from lightjobs.engines.control import Engine
from lightjobs.model import Failed, NewJob, Release
from lightjobs.notes.attempt_errors import AttemptError, error_line

SAME = {"Sec-Fetch-Site": "same-origin"}
BEARER = {"Authorization": "Bearer x"}
LATER = 4e9


def fail(
    engine: Engine,
    *exceptions: str,
    handler: str = "App\\Jobs\\Pay",
    queue: str = "mail",
    payload: str = "{}",
) -> list[str]:
    """Push a job for each of `exceptions` and let it fail with that. Returns their ids."""
    worker = f"w-{id(exceptions):x}-{len(engine.workers())}"
    engine.register(worker, 60)
    ids = engine.push([NewJob(handler, queue, payload)] * len(exceptions))
    texts = dict(zip(ids, exceptions, strict=True))
    while claims := engine.claim(worker, [queue], 500):
        engine.settle(
            worker,
            [
                Failed(claim.id, claim.fence, texts[claim.id], _line(texts[claim.id], 1))
                for claim in claims
            ],
        )
    return ids


def retry(engine: Engine, exception: str, due: float = LATER) -> str:
    """A job whose first attempt has failed with `exception`. Returns its id."""
    engine.register(worker := f"r-{len(engine.workers())}", 60)
    [job_id] = engine.push([NewJob("App\\Jobs\\Pay", "retried", "{}")])
    [claim] = engine.claim(worker, ["retried"], 1)
    release = Release(claim.id, claim.fence, due, 1, exception, _line(exception, 1))
    engine.settle(worker, [release])
    return job_id


def _line(text: str, attempt: int) -> str:
    return error_line(AttemptError(attempt, 1_800_000_000.0, 1.5, "host-a:1", "error", text))


def fields(text: str) -> dict[str, str]:
    """The hidden fields of a question."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)
    return {html.unescape(name): html.unescape(value) for name, value in found}
