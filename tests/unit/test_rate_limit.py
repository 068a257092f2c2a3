import time

import pytest

from lightjobs import Job
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.execution import registry
from lightjobs.execution.rate_limit import read
from lightjobs.model import NewJob, utc_text
from lightjobs.settings.settings import load

from .working import Worker


@pytest.mark.parametrize(
    ("config", "window"),
    [
        ({"limit": 1, "seconds": 7}, 7),
        ({"limit": 1, "minutes": 2}, 120),
        ({"limit": 1, "hours": 2}, 7200),
        ({"limit": 1, "days": 2}, 172_800),
        ({"limit": 1, "days": 2, "minutes": 1, "seconds": 5}, 5),
        ({"limit": 1, "days": 2, "hours": 1}, 3600),
    ],
)
def test_units_count_in_lightpacks_order(config, window):
    assert read(config, "X").window == window


def test_a_config_without_a_limit_sets_no_rate():
    assert read(None, "X") is None
    assert read({"limit": None, "seconds": 1}, "X") is None


@pytest.mark.parametrize("config", [{}, {"limit": None}, {"limit": 1}])
def test_no_unit_is_an_error(config):
    with pytest.raises(ValueError, match="names no unit of time; allowed: seconds, minutes"):
        read(config, "X")


def test_numbers_may_be_text_as_in_php():
    rate = read({"limit": "5", "seconds": "2.5", "jitter": "0"}, "X")
    assert (rate.limit, rate.window, rate.jitter) == (5, 2.5, 0)


def test_the_key_defaults_to_one_for_each_handler():
    assert read({"limit": 1, "seconds": 1}, "App\\Jobs\\Mail").key == "job:App.Jobs.Mail"
    assert read({"limit": 1, "seconds": 1, "key": "sms"}, "App\\Jobs\\Mail").key == "sms"


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"limit": 1}, "unit of time; allowed: seconds, minutes, hours, days"),
        ({"limit": -1, "seconds": 1}, "limit -1"),
        ({"limit": True, "seconds": 1}, "limit True"),
        ({"limit": 1.5, "seconds": 1}, "limit 1.5"),
        ({"limit": "many", "seconds": 1}, "limit 'many'"),
        ({"limit": 1, "seconds": 0}, "0 seconds"),
        ({"limit": 1, "minutes": "x"}, "'x' minutes"),
        ({"limit": 1, "seconds": "inf"}, "inf seconds"),
        (10, "rateLimit.. is 10; allowed: None, or a dict"),
        ([10, "minutes"], "is .10, 'minutes'.; allowed: None, or a dict"),
        ({"limit": 1, "seconds": 1, "jitter": -1}, "jitter -1"),
        ({"limit": 1, "seconds": 1, "jitter": "inf"}, "jitter inf"),
        ({"limit": 1, "seconds": 1, "jitter": "nan"}, "jitter nan"),
    ],
)
def test_a_wrong_config_is_refused_with_what_is_wrong(config, named):
    with pytest.raises(ValueError, match=named):
        read(config, "X")


def test_jitter_delays_by_at_most_its_share_of_the_window():
    rate = read({"limit": 1, "seconds": 10, "jitter": 0.5}, "X")
    delays = [rate.delay(3) for _ in range(200)]
    assert 3 <= min(delays) < 4
    assert 7 < max(delays) <= 8
    assert read({"limit": 1, "seconds": 10, "jitter": 0}, "X").delay(3) == 3


def test_a_jitter_above_1_puts_jobs_off_by_more_than_a_window():
    rate = read({"limit": 1, "seconds": 10, "jitter": 5}, "X")
    delays = [rate.delay(3) for _ in range(2000)]
    assert 3 <= min(delays) < 8
    assert 48 < max(delays) <= 53


def test_no_job_is_put_off_for_more_than_a_year():
    rate = read({"limit": 1, "days": 3650, "jitter": 1e300}, "X")
    assert rate.delay(315_000_000.0) == 366 * 86_400


def test_a_limit_of_0_lets_no_job_run_and_spends_no_attempt(engine):
    class Never(Job):
        handler = "never"

        def handle(self):
            raise AssertionError

        def rateLimit(self):
            return {"limit": 0, "minutes": 1, "jitter": 5}

    (id,) = engine.push([NewJob("never", "default", "{}")])
    Worker(engine).run()
    job = engine.find(id)
    assert (job.status, job.attempts) == ("new", 0)
    assert job.scheduled_at > utc_text(time.time() + 30)


def limited_job(ran):
    class Limited(Job):
        def handle(self):
            ran.append(self.context.attempt)

        def rateLimit(self):
            return {"limit": 2, "seconds": 0.3, "jitter": 0}

    return Limited


def test_jobs_beyond_the_rate_wait_and_spend_no_attempt():
    engine, ran = MemoryEngine(), []
    handler = registry.handler_of(limited_job(ran))
    engine.push([NewJob(handler, "default", "{}")] * 5)
    Worker(engine).run()
    assert ran == [1, 1]
    assert engine.stats()["default"]["delayed"] == 3
    assert engine.stats()["default"]["failed"] == 0
    assert {job.attempts for job in engine.browse(Where(status="new"))} == {0}
    while engine.stats():
        engine.wait(["default"], 1)
        Worker(engine).run()
    assert ran == [1] * 5


def test_a_store_that_does_not_answer_for_the_rate_costs_no_attempt():
    class Forgetful(MemoryEngine):
        away = 2

        def hit(self, key, most, seconds):
            if self.away:
                self.away -= 1
                raise StoreUnavailable("gone")
            return super().hit(key, most, seconds)

    engine, ran = Forgetful(), []
    engine.push([NewJob(registry.handler_of(limited_job(ran)), "default", "{}")])
    Worker(engine).run()
    assert ran == [1]
    assert not engine.stats()


def test_a_wrong_config_fails_the_job_with_the_reason():
    class Unlimited(Job):
        def handle(self):
            raise AssertionError("ran")

        def rateLimit(self):
            return {"limit": 3}

    engine = MemoryEngine()
    (job_id,) = engine.push([NewJob(registry.handler_of(Unlimited), "default", "{}")])
    Worker(engine).run()
    assert "names no unit of time" in engine.find(job_id).exception


def test_dispatch_sync_asks_no_rate(monkeypatch):
    ran = []
    limited = limited_job(ran)
    assert load().engine
    for _ in range(5):
        limited().dispatchSync({})
    assert len(ran) == 5
