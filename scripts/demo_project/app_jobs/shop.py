"""Jobs of a shop that take a while, wait for others, or fail."""

from __future__ import annotations

import asyncio
import random
import time

from lightjobs import Job


class ImportCatalog(Job):
    """Reads a supplier's catalog. The one of "acme" lacks prices, so each attempt fails."""

    queue = "imports"
    attempts = 3
    retryAfter = ["+5 seconds", "+20 seconds"]

    def handle(self) -> None:
        time.sleep(0.3)
        rows: list[dict[str, object]] = [{"name": "nail", "price": 3}, {"name": "hammer"}]
        for row in rows[: 2 if self.payload["supplier"] == "acme" else 1]:
            row["price"]


class ResizeImages(Job):
    """Makes small pictures; takes as many seconds as the payload says."""

    queue = "images"
    timeout = 60

    async def handle(self) -> None:
        await asyncio.sleep(self.payload["seconds"])


class FetchRates(Job):
    """Fetches exchange rates from a server that is often away. It is on the schedule."""

    queue = "imports"
    attempts = 2
    retryAfter = "+3 seconds"

    def handle(self) -> None:
        time.sleep(random.uniform(0.1, 0.5))
        if random.random() < 0.4:
            raise ConnectionError("rates.example.com refused the connection")


class SendReport(Job):
    """Sends the report of the moment that it is scheduled for."""

    queue = "reports"

    def handle(self) -> None:
        time.sleep(2)


class SendNewsletter(Job):
    """Sends the newsletter to one reader. Its queue is paused when the demo begins."""

    queue = "newsletter"

    def handle(self) -> None:
        time.sleep(0.05)
