"""A worker that settles one batch and claims another while it runs jobs keeps all promises."""

import threading
import time
from itertools import accumulate
from types import SimpleNamespace

import pytest

from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.model import HandBack, NewJob
from lightjobs.workers import keeper
from lightjobs.workers.options import Options
from lightjobs.workers.shared.run_budget import RunBudget
from lightjobs.workers.turnover import Turnover
from tests.support.engines import Answered, Wrapped, answer_later, failing
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker


class Work(Job):
    attempts = 2

    def handle(self):
        ran.append(self.payload["n"])
        time.sleep(self.payload.get("sleep", 0))
        if self.payload.get("boom"):
            raise ValueError("boom")


@pytest.fixture(autouse=True)
def _later(engine):
    answer_later(engine)


def worker_on(engine, **options):
    """A worker that claims 20 jobs ahead, however long they take on a busy machine."""
    worker = Worker(engine, **options)
    prefetch = worker.loop._claiming.prefetch
    prefetch._ahead = 20
    prefetch.learn = lambda jobs, seconds: None
    return worker


class Noted(Wrapped):
    """Notes in `ran` when a request is sent and when its answers are asked for; and how many jobs
    wait at the worker then or are claimed for it."""

    def __init__(self, original, **verbs):
        super().__init__(original, **verbs)
        self.held_at_once = []

    def settle_and_claim(self, worker, outcomes, queues, limit):
        ran.append("sent")
        answers = Answered(self, worker, outcomes, queues, limit)
        self.held_at_once.append(len(self.original.held(worker)))
        claims = answers.claims

        def asked():
            ran.append("asked")
            return claims()

        answers.claims = asked
        return answers


def numbers():
    return [n for n in ran if type(n) is int]


@pytest.fixture
def unhurried(monkeypatch):
    """A keeper that hands nothing back, however slow the machine is."""
    monkeypatch.setattr(keeper, "RELIEF_SECONDS", 30.0)


@pytest.mark.usefixtures("unhurried")
def test_a_batch_runs_while_the_next_is_claimed(engine):
    Work.dispatchMany({"n": n} for n in range(200))
    worker_on(Noted(engine)).run()
    assert numbers() == list(range(200))
    assert engine.stats() == {}
    between = "".join("." if type(n) is int else n[0] for n in ran).split("s")
    assert sum("." in part.partition("a")[0] for part in between) >= 15


@pytest.mark.usefixtures("unhurried")
def test_queues_and_priorities_are_served_in_order(engine):
    places = [
        (queue, priority)
        for queue in ("low", "high")
        for priority in ("lowest", "highest")
        for _ in range(50)
    ]
    for n, (queue, priority) in enumerate(places):
        Work().setQueue(queue).setPriority(priority).dispatch({"n": n})
    worker_on(engine, queues=("high", "low")).run()
    assert ran == [*range(150, 200), *range(100, 150), *range(50, 100), *range(50)]


def test_no_more_is_held_than_a_claim_would_take_at_once(engine):
    Work.dispatchMany({"n": n, "sleep": 0.002} for n in range(100))
    noted = Noted(engine)
    worker = Worker(noted)
    allowed = []
    send = noted.settle_and_claim

    def sent(*arguments):
        answers = send(*arguments)
        allowed.append(worker.loop._claiming.prefetch.wanted(1, 0))
        return answers

    noted.settle_and_claim = sent
    worker.run()
    most = accumulate(allowed, max)  # what was claimed when more was allowed may still wait
    pairs = zip(noted.held_at_once, most, strict=True)
    assert [held for held, limit in pairs if held > limit] == []


def test_long_jobs_are_not_claimed_ahead(engine):
    Work.dispatchMany({"n": n, "sleep": 0.02} for n in range(8))
    noted = Noted(engine)
    Worker(noted).run()
    assert max(noted.held_at_once[2:]) == 1


def test_a_small_backlog_is_left_to_others_once_a_claim_was_not_full(engine):
    """A claim that brings less than it asked for is followed by none until its jobs have run."""
    Work.dispatchMany({"n": n} for n in range(50))
    limits, waiting = [], []

    def claim(name, queues, limit):
        waiting.append(len(worker.loop._in_flight.waiting))
        claims = engine.claim(name, queues, limit)
        limits.append((limit, len(claims)))
        return claims

    worker = Worker(Wrapped(engine, claim=claim))
    worker.run()
    short = [number for number, (limit, got) in enumerate(limits) if got < limit]
    assert all(waiting[number + 1] == 0 for number in short if number + 1 < len(waiting))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", ["claim", "settle"])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("first", [1, 8])
def test_a_store_that_is_away_loses_no_job_and_runs_none_twice(engine, verb, times, after, first):
    Work.dispatchMany({"n": n} for n in range(100))
    calls = []
    real = getattr(engine, verb)
    fails = failing(real, times, after)

    def verb_later(*args):
        calls.append(args)
        return fails(*args) if len(calls) > first else real(*args)

    worker = Worker(Wrapped(engine, **{verb: verb_later})).run()
    assert sorted(numbers()) == list(range(100))
    assert engine.stats() == {}
    assert worker.lines.lost_ids == []
    assert worker.journal.read() == []
    assert not worker.journal.claim_note.under_way
    assert len(worker.lines.ended_ids) == 100


def test_what_a_lost_answer_brought_counts_once_in_max_jobs(engine):
    Work.dispatchMany({"n": n} for n in range(100))
    calls = []
    lost = failing(engine.claim, 2, after=True)

    def claim(*args):
        calls.append(args)
        return lost(*args) if len(calls) > 6 else engine.claim(*args)

    Worker(Wrapped(engine, claim=claim), RunBudget.of(60), stop_when_empty=False).run()
    assert len(numbers()) == 60
    counts = engine.stats()["default"]
    assert (counts["new"], counts["queued"]) == (40, 0)


def test_what_is_claimed_behind_a_long_job_goes_back_although_its_answer_is_unread(engine):
    over = threading.Event()

    class Long(Work):
        def handle(self):
            super().handle()
            over.wait(30)

    Work.dispatchMany({"n": n} for n in range(100))
    Long().dispatch({"n": 100})
    Work.dispatchMany({"n": n} for n in range(101, 200))
    worker = worker_on(engine)
    thread = worker.start()
    wait_until(lambda: 100 in ran)
    wait_until(lambda: len(engine.held(worker.name)) == 1)
    assert {job.attempts for job in engine.browse(Where(status="new"), limit=200)} == {0}
    over.set()
    thread.join(30)
    assert sorted(numbers()) == list(range(200))


def test_what_is_claimed_behind_a_long_hook_goes_back(engine):
    """Of a batch that was claimed while jobs ran, none of which had a hook until this one."""
    over = threading.Event()

    class Hooked(Work):
        def onSuccess(self):
            ran.append("hook")
            over.wait(30)

    Work.dispatchMany({"n": n} for n in range(100))
    Hooked().dispatch({"n": 100})
    Work.dispatchMany({"n": n} for n in range(101, 300))
    worker = worker_on(engine)
    thread = worker.start()
    wait_until(lambda: "hook" in ran)
    wait_until(lambda: not engine.held(worker.name))
    over.set()
    thread.join(30)
    assert sorted(numbers()) == list(range(300))


def test_a_hook_is_called_before_more_is_claimed(engine):
    class Hooked(Work):
        def onSuccess(self):
            ran.append("hook")

    Hooked.dispatchMany({"n": n} for n in range(50))
    noted = Noted(engine)
    Worker(noted).run()
    assert ran.count("hook") == 50
    assert len(noted.held_at_once) <= 2, "only before the first job and after the last"


def test_failures_are_settled_in_turn_so_that_the_journal_drops_their_texts(engine):
    Work.dispatchMany({"n": n, "boom": n > 60} for n in range(120))
    worker = Worker(engine)
    heaps = []
    settle = engine.settle

    def settled(*arguments):
        heaps.append(worker.journal._heap)
        return settle(*arguments)

    engine.settle = settled
    worker.run()
    assert len(numbers()) == 120 + 59
    assert worker.journal._heap == type(worker.journal)()._heap
    assert heaps.count(min(heaps)) > 5


def test_a_stop_hands_back_what_is_under_way(engine):
    Work.dispatchMany({"n": n} for n in range(100))

    class Stops(Work):
        def handle(self):
            super().handle()
            worker.flag.raise_()

    Stops().dispatch({"n": 100})
    Work.dispatchMany({"n": n} for n in range(101, 200))
    worker = Worker(engine, stop_when_empty=False)
    worker.loop.run()
    assert engine.held(worker.name) == []
    counts = engine.stats()["default"]
    assert (counts["new"], counts["queued"]) == (200 - len(numbers()), 0)
    assert {job.attempts for job in engine.browse(Where(status="new"), limit=200)} == {0}
    assert worker.journal.read() == []


def test_what_the_supervisor_has_taken_is_handed_back_and_not_run(engine):
    Work.dispatchMany({"n": n} for n in range(100))

    class Takes(Work):
        def handle(self):
            super().handle()
            note = worker.journal.claim_note
            taken.append(note.under_way and note.take(note.under_way))
            taken.append(len(engine.held(worker.name)))

    taken, handed_back = [], []
    Takes().dispatch({"n": 100})
    Work.dispatchMany({"n": n} for n in range(101, 200))

    def settle(name, outcomes):
        handed_back.extend(each for each in outcomes if type(each) is HandBack)
        return engine.settle(name, outcomes)

    worker = worker_on(Wrapped(engine, settle=settle))
    worker.run()
    assert taken[0]
    assert handed_back
    assert sorted(numbers()) == list(range(200))
    assert worker.lines.lost_ids == []


def test_a_job_that_was_recovered_before_has_no_unstarted_ones_behind_it(engine):
    Work.dispatchMany({"n": n} for n in range(60))

    class Alone(Work):
        def handle(self):
            super().handle()
            held.append(len(engine.held(worker.name)))

    held = []
    (id,) = Alone.dispatchMany([{"n": 60}])
    Work.dispatchMany({"n": n} for n in range(61, 200))
    engine.register("dead", 30)
    claims = engine.claim("dead", ["default"], 61)
    assert claims[-1].id == id
    for each in claims[:-1]:
        engine.settle("dead", [HandBack(each.id, each.fence)])
    engine.recover("dead")
    worker = Worker(engine)
    worker.run()
    assert held == [1]
    assert sorted(numbers()) == list(range(200))


def test_claims_that_skip_a_handler_are_made_in_turn(engine):
    engine.push([NewJob("unknown", "default", "{}")])
    Work.dispatchMany({"n": n} for n in range(50))
    noted = Noted(engine)
    worker = Worker(noted)
    worker.run()
    assert sorted(numbers()) == list(range(50))
    assert len(noted.held_at_once) <= 2
    assert engine.stats()["default"]["new"] == 1


def test_an_error_of_the_store_in_the_keeper_is_met_by_the_loop(engine):
    """The answers are read by the keeper, behind a long job, and the claim's is lost."""
    Work.dispatchMany({"n": n} for n in range(100))
    Work().dispatch({"n": 100, "sleep": 0.5})
    Work.dispatchMany({"n": n} for n in range(101, 200))

    class Lost(Noted):
        def settle_and_claim(self, *arguments):
            answers = super().settle_and_claim(*arguments)
            claims = answers.claims

            def asked():
                if threading.current_thread().name == "keeper":
                    readers.append("keeper")
                    raise StoreUnavailable("the reply was lost")
                return claims()

            answers.claims = asked
            return answers

    readers = []
    worker = worker_on(Lost(engine))
    worker.run()
    assert readers
    assert sorted(numbers()) == list(range(200))
    assert worker.lines.lost_ids == []


def test_of_several_workers_none_claims_ahead():
    for children, ahead in ((0, True), (1, True), (2, False)):
        claiming, runner = SimpleNamespace(answers_later=True), SimpleNamespace(runs_in_loop=True)
        made = Turnover(None, claiming, None, runner, Options(workers=children))
        assert made._is_possible is ahead
