"""A shop on FastAPI and PostgreSQL. Its jobs are part of its transactions, and use its engine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy
from fastapi import FastAPI, HTTPException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

import lightjobs
from lightjobs import Job
from lightjobs.contrib.fastapi import lifespan

lightjobs.configure(url=os.environ["SHOP_DATABASE"], lease=5)


class Shop:
    """What the program makes on its event loop."""

    database: AsyncEngine


class ShipOrder(Job):
    attempts = 3

    async def handle(self) -> None:
        async with AsyncSession(Shop.database) as session, session.begin():
            await session.execute(
                text("UPDATE orders SET shipped = pg_backend_pid() WHERE number = :order"),
                self.payload,
            )
            await BillOrder().dispatchAsync(self.payload, connection=session)


class BillOrder(Job):
    def handle(self) -> None:
        engine = sqlalchemy.create_engine(os.environ["SHOP_DATABASE"])
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE orders SET billed = true WHERE number = :order"), self.payload
            )
        engine.dispose()


@asynccontextmanager
async def program(_app: FastAPI) -> AsyncIterator[dict[str, str]]:
    Shop.database = create_async_engine(os.environ["SHOP_ASYNC"])
    print("the shop opens", flush=True)
    yield {"greeting": "welcome"}
    await Shop.database.dispose()
    print("the shop is closed", flush=True)


app = FastAPI(lifespan=lifespan(workers=2, inner=program, loop="current"))


@app.post("/orders/{number}", status_code=201)
async def place(number: int, paid: bool = True) -> dict[str, str]:
    async with AsyncSession(Shop.database) as session, session.begin():
        await session.execute(
            text("INSERT INTO orders (number) VALUES (:number)"), {"number": number}
        )
        job = await ShipOrder().dispatchAsync({"order": number}, connection=session)
        if not paid:
            raise HTTPException(402)
    return {"job": job}


@app.get("/orders")
async def orders() -> list[list[int]]:
    async with Shop.database.connect() as connection:
        rows = await connection.execute(
            text("SELECT number FROM orders WHERE shipped > 0 AND billed ORDER BY number")
        )
        return [list(row) for row in rows]
