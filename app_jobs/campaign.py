"""Mail of many tenants: each has its turn, and none more than its share of the workers."""

from __future__ import annotations

import asyncio

from lightjobs import Job


class CampaignMail(Job):
    """Sends one mail of a tenant's campaign."""

    queue = "mail"
    attempts = 5
    retryAfter = "+1 minute"
    groupLimit = 10

    def group(self) -> str:
        return str(self.payload["tenant"])

    async def handle(self) -> None:
        await asyncio.sleep(0.01)  # a real job would talk to a mail server here
