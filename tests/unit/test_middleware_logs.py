"""The ready-made middleware that logs."""

import logging
import time

import pytest

from lightjobs.middleware import Logging, Timing

from .middlewares import AsyncWork, Work, _forget, using_fixture  # noqa: F401
from .working import Worker


def test_logging_logs_each_step_without_the_payload(using, engine, caplog):
    caplog.set_level(logging.INFO)
    using(Logging)
    done = Work().dispatch({"card": "4111"})
    failed = Work().setAttempts(1).dispatch({"raise": "4111"})
    again = Work().dispatch({"raise": "4111"})
    Worker(engine).run()
    said = [each for each in caplog.records if each.name == "lightjobs.middleware"]
    texts = [each.getMessage() for each in said]
    handler = f"{Work.__module__}.Work"
    for text in (
        f"pushed {handler} {done} to default",
        f"claimed {handler} {done} from default, attempt 1",
        f"done {handler} {done}",
        f"failed {handler} {failed} by ValueError",
        f"released {handler} {again} by ValueError",
    ):
        assert text in texts
    assert "4111" not in "".join(texts)
    assert {each.levelname for each in said if "failed" in each.getMessage()} == {"WARNING"}
    assert {each.job_id for each in said if "done" in each.getMessage()} == {done}


@pytest.mark.parametrize("job", [Work, AsyncWork])
def test_timing_logs_how_long_a_handler_took_even_if_it_raised(using, engine, caplog, job):
    class Slow(job):
        def handle(self):
            time.sleep(0.02)
            return super().handle()

    caplog.set_level(logging.INFO)
    using(Timing)
    Slow().setAttempts(1).dispatch({"raise": "no"})
    Worker(engine).run()
    (text,) = [text for text in caplog.messages if " took " in text]
    assert float(text.split(" took ")[1].split()[0]) >= 0.02
    assert "begun 0 s after" in text or "begun 1 s after" in text


def test_timing_leaves_out_handlers_faster_than_slow(using, engine, caplog):
    class OnlySlow(Timing):
        slow = 5.0

    caplog.set_level(logging.INFO)
    using(OnlySlow)
    Work().dispatch()
    Worker(engine).run()
    assert " took " not in caplog.text
