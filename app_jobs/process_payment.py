"""A payment that a flaky gateway sometimes refuses."""

from __future__ import annotations

from lightjobs import Job


class GatewayTimeout(Exception):
    """The gateway did not answer; the next attempt usually works."""


class ProcessPayment(Job):
    """Takes a payment. `gateway` in the payload says how the simulated gateway behaves:
    "slow" times out once, "closed" refuses for good, and any other value works."""

    queue = "payments"
    attempts = 3
    retryAfter = "+1 second"

    def handle(self) -> None:
        gateway = self.payload.get("gateway", "ok")
        if gateway == "slow" and self.context.attempt == 1:
            raise GatewayTimeout(f"no answer for payment {self.payload['payment']}")
        if gateway == "closed":
            self.failPermanently(f"the account is closed: payment {self.payload['payment']}")
