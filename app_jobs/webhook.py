"""Webhooks that are told at most once a minute that something has changed: a throttle."""

from __future__ import annotations

from lightjobs import Job


class TellWebhook(Job):
    """Tells a subscriber to look for what is new. Within a minute of a dispatch, others for the
    same subscriber are left out."""

    queue = "webhooks"
    attempts = 8
    retryAfter = "+30 seconds"
    unique = "window"
    uniqueFor = "+1 minute"

    def uniqueKey(self) -> str:
        return str(self.payload["url"])

    def handle(self) -> None:
        self.context.logger.info("told %s", self.payload["url"])  # a real one would POST here
