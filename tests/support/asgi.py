"""An ASGI application as a server runs it: its lifespan, then requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The application is started; a client of it."""
    state: dict[str, Any] = {}
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
    running = asyncio.create_task(app(scope, received.get, sent.put))

    async def ask(what: str) -> None:
        await received.put({"type": f"lifespan.{what}"})
        answer = await sent.get()
        if answer["type"] != f"lifespan.{what}.complete":
            raise RuntimeError(answer.get("message", ""))

    async def request(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    try:
        await ask("startup")
        transport = httpx.ASGITransport(request)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            yield client
        await ask("shutdown")
    finally:
        await asyncio.gather(running, return_exceptions=True)
