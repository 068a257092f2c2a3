"""A receipt by mail, sent by an async handler."""

from __future__ import annotations

import asyncio

from lightjobs import Job


class SendReceipt(Job):
    """Sends a receipt some seconds after the payment."""

    queue = "mail"
    delay = "+5 seconds"
    attempts = 5
    retryAfter = "+1 minute"

    async def handle(self) -> None:
        await asyncio.sleep(0.01)  # a real job would talk to a mail server here
        self.context.logger.info("receipt for payment %s sent", self.payload["payment"])
