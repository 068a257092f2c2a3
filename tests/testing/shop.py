"""The jobs of a small shop, and the code that dispatches them."""

from __future__ import annotations

from dataclasses import dataclass

from lightjobs import Backoff, Job, PermanentJobFailure, job

LOG: list[object] = []


class CardDeclined(Exception):
    pass


class ShipOrder(Job):
    queue = "shipping"
    attempts = 3
    retryAfter = "+30 seconds"

    def handle(self):
        LOG.append(("ship", self.payload["order"], self.context.attempt))
        if self.payload.get("fails"):
            raise ConnectionError("the carrier does not answer")
        return f"parcel {self.payload['order']}"

    def onSuccess(self):
        LOG.append("success")

    def onFailure(self):
        LOG.append(("failure", type(self.getException()).__name__))


class SendMail(Job):
    async def handle(self):
        LOG.append(("mail", self.payload["to"]))


class Charge(Job):
    noRetry = (CardDeclined,)
    attempts = 5

    def handle(self):
        if self.payload.get("permanent"):
            raise PermanentJobFailure("closed")
        raise CardDeclined("no money")


class Poll(Job):
    def handle(self):
        self.release("+1 minute")


class Chain(Job):
    def handle(self):
        LOG.append(self.payload["left"])
        if self.payload["left"]:
            Chain().dispatch({"left": self.payload["left"] - 1})


class Forever(Job):
    def handle(self):
        Forever().dispatch({})


class Daily(Job):
    def handle(self):
        LOG.append("daily")


class Never(Job):
    def handle(self):
        LOG.append("never")


@dataclass
class Parcel:
    weight: int
    tags: list[str]


class Weigh(Job):
    payload: Parcel

    def handle(self):
        return self.payload.weight * 2


class Patient(Job):
    retryAfter = Backoff(attempts=3, base=10, jitter=0)

    def handle(self):
        raise TimeoutError("slow")


@job(queue="reports")
def report(month: int) -> None:
    LOG.append(("report", month))


def place_order(number: int) -> None:
    ShipOrder().setDelay("+5 minutes").dispatch({"order": number, "tags": ("new", "vip")})
    SendMail().setPriority("high" if number < 0 else "higher").dispatch({"to": "a@x.org"})
