"""`lightjobs.contrib.fastapi.lifespan` in the frameworks that take it."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import asynccontextmanager

import fastapi
import litestar
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lightjobs import Job, current
from lightjobs.contrib.fastapi import _processes, lifespan
from lightjobs.engines.null import NullEngine
from lightjobs.settings.settings import Settings
from tests.support.asgi import served
from tests.support.waiting import wait_until

from .support import ran


class Greets(Job):
    def handle(self):
        ran.append(threading.current_thread())


async def greet_starlette(request):
    await Greets().dispatchAsync()
    return PlainTextResponse(getattr(request.state, "greeting", "none"))


def in_starlette(lives):
    return Starlette(routes=[Route("/", greet_starlette)], lifespan=lives)


def in_fastapi(lives):
    app = fastapi.FastAPI(lifespan=lives)

    @app.get("/")
    async def greet(request: fastapi.Request):
        await Greets().dispatchAsync()
        return fastapi.Response(getattr(request.state, "greeting", "none"))

    globals()["fastapi"] = fastapi  # where FastAPI looks for the annotation
    return app


def in_litestar(lives):
    @litestar.get("/", media_type="text/plain")
    async def greet() -> str:
        await Greets().dispatchAsync()
        return "none"

    return litestar.Litestar([greet], lifespan=[lives], openapi_config=None)


FRAMEWORKS = {"starlette": in_starlette, "fastapi": in_fastapi, "litestar": in_litestar}


def visited(app, use=lambda: None):
    """What the application answers, and then `use` in a thread, before the application ends."""

    async def main():
        async with served(app) as client:
            answer = await client.get("/")
            await asyncio.to_thread(use)
            return answer.text

    return asyncio.run(main())


@pytest.fixture(params=FRAMEWORKS)
def framework(request):
    return FRAMEWORKS[request.param]


def test_jobs_are_worked_while_the_application_runs(engine, framework):
    assert visited(framework(lifespan()), lambda: wait_until(lambda: ran)) == "none"
    assert ran[0] is not threading.main_thread()
    assert "lightjobs" not in {thread.name for thread in threading.enumerate()}
    Greets().dispatch()
    assert engine.stats()["default"]["new"] == 1


@pytest.mark.parametrize("make", [in_starlette, in_fastapi])
def test_the_programs_own_lifespan_is_around_the_workers(engine, make):
    @asynccontextmanager
    async def inner(_app):
        ran.append("opened")
        assert engine._workers == {}
        yield {"greeting": "welcome"}
        ran.append("closed")
        assert engine._workers == {}

    app = make(lifespan(workers=1, inner=inner))
    assert visited(app, lambda: wait_until(lambda: len(ran) == 2)) == "welcome"
    assert [ran[0], ran[2]] == ["opened", "closed"]


def test_what_inner_raises_stops_the_workers_too(engine):
    @asynccontextmanager
    async def inner(_app):
        raise RuntimeError("no shop today")
        yield

    with pytest.raises(RuntimeError, match="no shop today"):
        visited(in_starlette(lifespan(inner=inner)))
    assert engine._workers == {}


def test_nothing_is_started_or_said_where_there_is_nothing_to_work(framework, caplog):
    current.use(NullEngine(), Settings("null"))
    caplog.set_level(logging.INFO)
    visited(framework(lifespan()))
    assert "threads" not in caplog.text


@pytest.mark.parametrize(
    ("arguments", "web_concurrency", "line"),
    [
        (["shop:app"], None, "2 threads work the queues mail, default"),
        (["shop:app", "--workers", "4"], None, "the server has 4 processes, so 8 threads in all"),
        (["shop:app", "--workers=4"], None, "the server has 4 processes, so 8 threads in all"),
        (["-w", "3", "shop:app"], None, "the server has 3 processes, so 6 threads in all"),
        (["run", "--wc", "3"], None, "the server has 3 processes, so 6 threads in all"),
        (["shop:app"], "5", "the server has 5 processes, so 10 threads in all"),
        (["--workers=2", "shop:app"], "5", "the server has 2 processes, so 4 threads in all"),
        (["shop:app", "--reload"], "5", "2 threads work the queues mail, default"),
        (["--workers"], None, "2 threads work the queues mail, default"),
    ],
)
def test_one_line_says_how_many_threads_there_are(
    engine, caplog, monkeypatch, arguments, web_concurrency, line
):
    monkeypatch.setattr("sys.argv", ["uvicorn", *arguments])
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    if web_concurrency:
        monkeypatch.setenv("WEB_CONCURRENCY", web_concurrency)
    caplog.set_level(logging.INFO, "lightjobs.worker")
    visited(in_starlette(lifespan(queues=["mail", "default"])))
    (record,) = [each for each in caplog.records if "threads" in each.getMessage()]
    assert record.getMessage().endswith(line)


def test_a_process_of_a_server_that_does_not_say_how_many_it_has(monkeypatch):
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.setattr("multiprocessing.parent_process", lambda: object())
    assert _processes(["shop.py"]) is None
