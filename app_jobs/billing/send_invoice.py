"""An invoice, with what happens after it."""

from __future__ import annotations

from lightjobs import Job


class SendInvoice(Job):
    """Sends an invoice and tells the log how it went."""

    queue = "billing"
    attempts = 2
    retryAfter = "+10 minutes"

    def handle(self) -> None:
        if self.payload["total"] < 0:
            self.failPermanently("an invoice cannot be negative")

    def onSuccess(self) -> None:
        self.context.logger.info("invoice %s sent", self.payload["invoice"])

    def onFailure(self) -> None:
        self.context.logger.error("invoice failed: %s", self.getException())
