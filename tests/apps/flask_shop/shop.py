"""A shop on Flask and SQLite, made by a factory."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import flask
from flask import current_app, g, session

from lightjobs import Job
from lightjobs.contrib.flask import Lightjobs


def authorize(_request: Any) -> str | None:
    level: str | None = session.get("level")
    return level


jobs = Lightjobs(authorize=authorize)


class ShipOrder(Job):
    handler = "ShipOrder"

    def handle(self) -> None:
        if self.payload.get("dies") and not Path("died").exists():
            Path("died").touch()
            os._exit(1)
        connection = database()
        connection.execute("UPDATE orders SET shipped = shipped + 1 WHERE number = ?", [self.order])
        connection.commit()

    @property
    def order(self) -> int:
        return int(self.payload["order"])


class ShipLater(ShipOrder):
    handler = "ShipLater"

    async def handle(self) -> None:  # type: ignore[override]
        super().handle()


def database() -> sqlite3.Connection:
    """The connection of this application context."""
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
    connection: sqlite3.Connection = g.database
    return connection


def create_app(prefix: str = "/jobs") -> flask.Flask:
    app = flask.Flask("shop")
    app.config.update(
        SECRET_KEY="shop",
        DATABASE="shop.sqlite",
        LIGHTJOBS={"url": "sqlite:///jobs.sqlite", "modules": ["shop"], "lease": 5},
        LIGHTJOBS_WEB_PREFIX=prefix,
    )
    jobs.init_app(app)

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        connection = g.pop("database", None)
        if connection is not None:
            connection.close()
            with open("closed", "a") as file:
                file.write("closed\n")

    @app.post("/orders/<int:number>")
    def place(number: int) -> str:
        database().execute("INSERT INTO orders VALUES (?, 0)", [number])
        database().commit()
        kind = ShipLater if number % 2 else ShipOrder
        return kind().dispatch({"order": number})

    @app.post("/login/<level>")
    def login(level: str) -> str:
        session["level"] = level
        return ""

    @app.before_request
    def refuse_what_has_no_token() -> None:
        if flask.request.method == "POST" and flask.request.form:
            flask.abort(400)  # as an application does that checks its forms

    return app
