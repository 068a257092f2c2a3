"""on_start and on_stop: what is refused, the order, and the state that jobs see."""

import asyncio
import os
import signal
import threading

import pytest

from lightjobs import Job, JobDefinitionError, LightjobsError, current, on_start, on_stop
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.execution import lifecycle
from lightjobs.workers.local_worker import LocalWorker
from lightjobs.workers.logs.job_log import JobLog
from lightjobs.workers.options import Options
from lightjobs.workers.process_state import ProcessState
from lightjobs.workers.stop_flag import STOP_SIGNALS, StopFlag

from .lifecycles import Database, lifecycles, named  # noqa: F401
from .support import new_job, ran

pytestmark = pytest.mark.usefixtures("lifecycles")


def work(engine, **options):
    """Work `engine` until it is empty, with a worker that starts and stops in this thread."""
    options = {"stop_when_empty": True, "sleep": 0.1, **options}
    LocalWorker(engine, Options(**options), JobLog(), StopFlag()).run()


@pytest.fixture
def engine(configured):
    made = MemoryEngine()
    current.use(made, configured)
    return made


def test_they_are_called_around_the_jobs_the_last_on_stop_first(engine):
    class Noted(Job):
        def handle(self):
            ran.append("job")

        def onSuccess(self):
            ran.append("hook")

    for name in ("first", "second"):
        on_start(named(f"start_{name}", lambda name=name: ran.append(f"start {name}")))
        on_stop(named(f"stop_{name}", lambda name=name: ran.append(f"stop {name}")))
    engine.push([new_job(Noted)])
    work(engine)
    calls = ["start first", "start second", "job", "hook", "stop second", "stop first"]
    assert ran == calls


@pytest.mark.parametrize("concurrency", [1, 3])
def test_async_ones_run_on_the_event_loop_of_the_async_jobs(engine, concurrency):
    @on_start
    async def loop():
        return asyncio.get_running_loop()

    @on_stop
    async def end(loop: asyncio.AbstractEventLoop):
        ran.append(asyncio.get_running_loop() is loop)

    class Compare(Job):
        async def handle(self):
            ran.append(asyncio.get_running_loop() is self.context.state.loop)

    engine.push([new_job(Compare), new_job(Compare)])
    work(engine, concurrency=concurrency)
    assert ran == [True] * 3


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_worker_whose_on_start_raises_does_not_start_and_leaves_its_jobs(
    engine, concurrency, is_async
):
    if is_async:

        @on_start
        async def database():
            raise SystemExit("no\nroute")
    else:

        @on_start
        def database():
            raise SystemExit("no\nroute")

    @on_stop
    def end():
        ran.append("stop")

    class Noted(Job):
        def handle(self):
            ran.append("job")

    engine.push([new_job(Noted)])
    with pytest.raises(
        LightjobsError, match=r"on_start function .*database raised SystemExit: no r"
    ):
        work(engine, concurrency=concurrency)
    assert ran == []
    assert engine.stats()["default"]["new"] == 1
    assert lifecycle.of_worker() is None


def test_an_on_stop_that_raises_is_logged_and_the_others_are_called(engine, caplog):
    @on_stop
    def last():
        ran.append("last")

    @on_stop
    def broken():
        raise SystemExit(3)

    work(engine)
    assert ran == ["last"]
    assert "broken raised" in caplog.text


def test_what_an_on_start_changes_of_the_process_stays(engine):
    """Otherwise it would be put back after the first job, as if that had changed it."""
    before = os.umask(0o22)
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    try:

        @on_start
        def mask():
            os.umask(0o77)

        class Noted(Job):
            def handle(self):
                ran.append(oct(os.umask(0o77)))

        engine.push([new_job(Noted), new_job(Noted)])
        state = ProcessState(lambda: None)
        options = Options(stop_when_empty=True, sleep=0.1)
        LocalWorker(engine, options, JobLog(), StopFlag(), process_state=state).run()
        assert ran == [oct(0o77)] * 2
    finally:
        os.umask(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_the_state_is_that_of_the_worker_in_threads_too(engine):
    """A thread that the handler starts has no context variables of its own."""
    made = []

    @on_start
    def database():
        made.append(Database())
        return made[-1]

    class Ask(Job):
        def handle(self):
            def ask():
                ran.append(self.context.state.database is made[0])

            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
            ran.append(Inner().dispatchSync())

    class Inner(Job):
        def handle(self):
            return self.context.state.database is made[0]

    engine.push([new_job(Ask)])
    work(engine)
    assert ran == [True, True]
    assert len(made) == 1


def test_an_unknown_attribute_is_answered_with_what_there_is(engine):
    class Ask(Job):
        def handle(self):
            try:
                self.context.state.databse  # noqa: B018
            except AttributeError as error:
                ran.append(str(error))

    engine.push([new_job(Ask)])
    work(engine)

    @on_start
    def database():
        return Database()

    @on_start
    def nothing():
        return None

    engine.push([new_job(Ask)])
    work(engine)
    assert "there is nothing: write a function with @lightjobs.on_start" in ran[0]
    assert ran[1] == "the state has no 'databse'; there is: database (Database)"


def test_two_on_start_functions_of_one_name_are_refused():
    def defined(module):
        def database():
            return 1

        database.__module__ = module
        return database

    on_start(defined("app_jobs.a"))
    on_start(defined("app_jobs.a"))  # its module was reloaded
    with pytest.raises(JobDefinitionError, match=r"app_jobs\.a\..*database and app_jobs\.b\."):
        on_start(defined("app_jobs.b"))


@pytest.mark.parametrize("decorator", [on_start, on_stop])
def test_what_cannot_be_called_is_refused(decorator):
    name = decorator.__name__
    with pytest.raises(JobDefinitionError, match=rf"@{name} decorates .*; allowed: a function"):
        decorator("database")
    with pytest.raises(JobDefinitionError, match=r"requires the argument x; allowed"):
        decorator(lambda x: None)

    def generator():
        yield

    with pytest.raises(JobDefinitionError, match="generator function"):
        decorator(generator)


def test_later_functions_get_what_earlier_ones_returned(engine):
    @on_start
    def database():
        return Database()

    @on_start
    def cache(database: Database):
        ran.append(type(database))

    work(engine)
    assert ran == [Database]


def test_sync_jobs_have_the_plain_ones_called_once_at_the_first_need(configured):
    current.use(SyncEngine(), configured)

    @on_start
    def database():
        ran.append("made")
        return Database()

    @on_start
    async def client():
        ran.append("never")

    class Quiet(Job):
        def handle(self):
            pass

    class Ask(Job):
        def handle(self):
            return self.context.state.database

    class AskClient(Job):
        def handle(self):
            return self.context.state.client

    Quiet().dispatch()
    assert ran == []
    Ask().dispatch()
    assert Ask().dispatchSync() is Ask().dispatchSync()
    assert ran == ["made"]
    with pytest.raises(AttributeError, match="not here: client, since async on_start"):
        AskClient().dispatch()


def test_an_on_start_that_raises_fails_a_sync_job_and_is_called_again(configured):
    current.use(SyncEngine(), configured)

    @on_start
    def database():
        ran.append("called")
        raise OSError("no route")

    class Ask(Job):
        def handle(self):
            return self.context.state.database

    for _ in range(2):
        with pytest.raises(LightjobsError, match="database raised OSError: no route"):
            Ask().dispatch()
    assert ran == ["called"] * 2
