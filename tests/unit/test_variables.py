"""Each run has its context variables to itself: middleware, handler and hook share them, and
nothing stays for the next run or for the program around it."""

import asyncio
import contextvars
import decimal
import threading
from decimal import Decimal

import pytest
from asgiref.local import Local

import lightjobs
from lightjobs import Job, current
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.execution.async_bridge import drive
from lightjobs.middleware import Middleware
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker

tenant = contextvars.ContextVar("tenant", default="none")
step = contextvars.ContextVar("step", default="none")
local = Local()
"""Django keeps its languages, time zones and more in such objects."""


class Leaves(Job):
    """Notes what it finds in the state that belongs to a context, and leaves something there."""

    def handle(self):
        ran.append((tenant.get(), getattr(local, "tenant", "none"), decimal.getcontext().prec))
        tenant.set(self.payload["tenant"])
        local.tenant = "left"
        decimal.getcontext().prec = 2

    def onSuccess(self):
        ran.append(("hook", tenant.get(), str(Decimal(1) / 3)))


class LeavesAsync(Leaves):
    async def handle(self):
        await asyncio.sleep(0)
        super().handle()

    async def onSuccess(self):
        super().onSuccess()


class LeavesAwaitable(Leaves):
    """A plain function around an async one, as decorators make them."""

    def handle(self):
        return self.work()

    async def work(self):
        await asyncio.sleep(0)
        super().handle()


KINDS = [Leaves, LeavesAsync, LeavesAwaitable]


def in_new_context(call):
    """Call it where nothing has touched the decimal context."""
    return contextvars.Context().run(call)


@pytest.mark.parametrize("job", KINDS)
def test_what_a_handler_sets_reaches_its_hook_and_no_other_run(engine, concurrency, job):
    @in_new_context
    def _():
        for name in ("a", "b"):
            job().dispatch({"tenant": name})
        Worker(engine, concurrency=concurrency).run()

    found = [each for each in ran if each[0] != "hook"]
    assert found == [("none", "none", 28)] * 2
    assert {("hook", name, "0.33") for name in "ab"} == {*ran} - {*found}


@pytest.mark.parametrize("job", KINDS)
def test_the_precision_that_was_set_at_import_applies_to_every_run(engine, concurrency, job):
    @in_new_context
    def _():
        decimal.getcontext().prec = 9
        for name in ("a", "b"):
            job().dispatch({"tenant": name})
        Worker(engine, concurrency=concurrency).run()
        assert decimal.getcontext().prec == 9

    assert [each[2] for each in ran if each[0] != "hook"] == [9, 9]


class Binds(Middleware):
    """Around a sync job it needs no event loop."""

    async def handle(self, run, next):
        ran.append(("bound", tenant.get()))
        bound = tenant.set(run.job.payload["tenant"])
        step.set("of the middleware")
        local.tenant = run.job.payload["tenant"]
        try:
            return await next()
        finally:
            ran.append(("after", tenant.get(), step.get()))
            if run.job.payload.get("reset"):
                tenant.reset(bound)


class BindsAndWaits(Binds):
    async def handle(self, run, next):
        await asyncio.sleep(0)
        return await super().handle(run, next)


class Reads(Job):
    def handle(self):
        ran.append(("handler", tenant.get(), step.get()))
        step.set("of the handler")

    def onSuccess(self):
        ran.append(("hook", tenant.get(), step.get()))


class ReadsAsync(Reads):
    async def handle(self):
        await asyncio.sleep(0)
        super().handle()


class SetsOnClaim(Middleware):
    def on_claim(self, claim):
        tenant.set("of the claim")

    def on_settle(self, run):
        ran.append(("settled", tenant.get()))


@pytest.mark.parametrize("job", [Reads, ReadsAsync])
@pytest.mark.parametrize("middleware", [Binds, BindsAndWaits])
def test_what_middleware_sets_is_seen_by_handler_and_hook(
    engine, configured, concurrency, middleware, job
):
    current.use(engine, configured._replace(middleware=[middleware]))
    for name in ("a", "b"):
        ran.clear()
        job().dispatch({"tenant": name})
        Worker(engine, concurrency=concurrency).run()
        assert ran == [
            ("bound", "none"),
            ("handler", name, "of the middleware"),
            ("after", name, "of the handler"),
            ("hook", name, "of the handler"),
        ]
    assert tenant.get() == "none"


class ReadsLocal(Job):
    def handle(self):
        ran.append(local.tenant)

    def onSuccess(self):
        ran.append(local.tenant)


@pytest.mark.parametrize("middleware", [Binds, BindsAndWaits])
def test_what_middleware_keeps_in_locals_of_asgiref_is_seen_too(engine, configured, middleware):
    current.use(engine, configured._replace(middleware=[middleware]))
    for name in ("a", "b"):
        ran.clear()
        ReadsLocal().dispatch({"tenant": name})
        Worker(engine).run()
        assert ran[1::2] == [name, name]
    assert not hasattr(local, "tenant")


@pytest.mark.parametrize("job", [Reads, ReadsAsync])
@pytest.mark.parametrize("middleware", [Binds, BindsAndWaits])
def test_what_middleware_takes_back_is_not_seen_by_the_hook(
    engine, configured, concurrency, middleware, job
):
    current.use(engine, configured._replace(middleware=[SetsOnClaim, middleware]))
    job().dispatch({"tenant": "a", "reset": True})
    Worker(engine, concurrency=concurrency).run()
    assert ran[0] == ("bound", "of the claim")
    assert ran[-2:] == [("settled", "of the claim"), ("hook", "of the claim", "of the handler")]


class MarksClaims(Middleware):
    """Sets a variable and never takes it back, as tracing does with the span of a run."""

    def on_claim(self, claim):
        ran.append(("before", step.get()))
        step.set(f"run {claim.id}")


@pytest.mark.parametrize("job", [Reads, ReadsAsync])
def test_what_is_set_at_the_claim_is_seen_by_the_handler_and_ends_with_the_run(
    engine, configured, concurrency, job
):
    current.use(engine, configured._replace(middleware=[MarksClaims]))
    ids = job.dispatchMany([{}] * 8)
    Worker(engine, concurrency=concurrency).run()
    assert [each for each in ran if each[0] == "before"] == [("before", "none")] * 8
    seen = sorted(each[2] for each in ran if each[0] == "handler")
    assert seen == sorted(f"run {id}" for id in ids)
    assert step.get() == "none"


@pytest.mark.parametrize("job", [Reads, ReadsAsync])
@pytest.mark.parametrize("middleware", [Binds, BindsAndWaits])
@pytest.mark.parametrize("inside_a_loop", [False, True])
def test_the_sync_engine_leaves_the_callers_variables_alone(
    configured, middleware, job, inside_a_loop
):
    current.use(SyncEngine(), configured._replace(middleware=[middleware]))

    async def main():
        local.tenant = "of the caller"
        tenant.set("of the caller")
        step.set("of the caller")
        job().dispatch({"tenant": "a"})
        assert (tenant.get(), local.tenant, step.get()) == ("of the caller",) * 3
        job().dispatchSync({"tenant": "b"})
        assert (tenant.get(), local.tenant, step.get()) == ("of the caller",) * 3

    if inside_a_loop:
        asyncio.run(main())
    else:
        contextvars.copy_context().run(drive, main())
    for name in ("a", "b"):
        assert ("handler", name, "of the middleware") in ran
    assert ran[0] == ("bound", "of the caller")
    assert ran[3] == ("hook", "a", "of the handler")


@pytest.mark.parametrize("job", KINDS)
def test_threads_of_another_program_begin_without_its_variables(configured, tmp_path, job):
    engine = MemoryEngine()
    current.use(engine, configured._replace(modules=()))
    token = tenant.set("of the program")
    try:
        with lightjobs.worker(sleep=0.01):
            for name in ("a", "b"):
                job().dispatch({"tenant": name})
            wait_until(lambda: len(ran) == 4)
    finally:
        tenant.reset(token)
    assert [each for each in ran if each[0] != "hook"] == [("none", "none", 28)] * 2


class NotesLoop(Middleware):
    """As Django, which keeps its connections elsewhere while an event loop is running."""

    async def handle(self, run, next):
        ran.append((has_loop(), threading.get_ident()))
        return await next()


class NotesLoopInOtherWords(Middleware):
    async def handle(self, run, call_next):
        async def unused():
            await asyncio.sleep(0)

        ran.append((has_loop(), threading.get_ident()))
        try:
            result = await call_next()
        finally:
            ran.append((has_loop(), threading.get_ident()))
        return result


class Asleep(Middleware):
    async def handle(self, run, next):
        await asyncio.sleep(0)
        result = await next()
        async with asyncio.timeout(1):
            return result


class NotesLoopOfHandler(Job):
    def handle(self):
        ran.append((has_loop(), threading.get_ident()))

    def onSuccess(self):
        ran.append((has_loop(), threading.get_ident()))


def has_loop():
    return asyncio._get_running_loop() is not None


@pytest.mark.parametrize(
    "chain",
    [
        [NotesLoop],
        [NotesLoopInOtherWords],
        [Asleep, NotesLoop],
        [NotesLoop, Asleep],
        [Asleep, NotesLoop, Asleep, NotesLoop],
    ],
)
def test_middleware_that_awaits_only_next_runs_as_the_sync_handler_does(engine, configured, chain):
    current.use(engine, configured._replace(middleware=chain))
    NotesLoopOfHandler().dispatch()
    Worker(engine, concurrency=1).run()
    assert len(ran) >= 3
    assert set(ran) == {(False, threading.get_ident())}


class Anything(Middleware):
    async def handle(self, run, next):
        return [each async for each in self.some()] and await next()

    async def some(self):
        await asyncio.sleep(0)
        yield 1


class MoreParameters(Middleware):
    async def handle(self, run, next, *more):
        await asyncio.sleep(0)
        return await next()


made_from_text: dict = {"Middleware": Middleware, "asyncio": asyncio}
exec(  # no source to be read
    "class Unreadable(Middleware):\n"
    "    async def handle(self, run, next):\n"
    "        await asyncio.sleep(0)\n"
    "        return await next()\n",
    made_from_text,
)


@pytest.mark.parametrize(
    "middleware", [Asleep, Anything, MoreParameters, made_from_text["Unreadable"]]
)
def test_middleware_that_awaits_more_has_an_event_loop(engine, configured, middleware):
    current.use(engine, configured._replace(middleware=[middleware]))
    NotesLoopOfHandler().dispatch()
    Worker(engine).run()
    assert engine.stats() == {}
    assert len(ran) == 2
