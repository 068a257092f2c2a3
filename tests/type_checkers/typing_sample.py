"""What type checkers must see. A line that ends in `# wrong` must be an error, no other may be."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from lightjobs import Backoff, Job, JobContext, job, on_start, on_stop


@dataclass
class Email:
    to: str
    copies: int = 1


class Payment(TypedDict):
    amount: int


class SendEmail(Job):
    queue = "emails"
    retryAfter = ["+1 minute", "+1 hour"]
    payload: Email

    def handle(self) -> None:
        assert_type(self.payload.to, str)
        print(self.payload.nothing)  # wrong


class Pay(Job):
    retryAfter = Backoff(attempts=6)
    noRetry = (ValueError, KeyError)
    payload: Payment

    async def handle(self) -> int:
        return self.payload["amount"]


class Connection:
    pass


@on_start
async def connection() -> Connection:
    return Connection()


@on_stop
def close(connection: Connection) -> None: ...


class Injected(Job):
    async def handle(self, connection: Connection, *, context: JobContext) -> None:
        assert_type(self.context.state.connection, Any)

    def onSuccess(self, connection: Connection) -> None: ...


class Plain(Job):
    attempts = "three"  # wrong

    def handle(self) -> Any:
        return self.payload["anything"]


assert_type(SendEmail().dispatch(Email("ann")), str)
SendEmail().dispatch({"to": "ann"})
SendEmail().setPayload(Email("ann")).dispatch()
SendEmail().setQueue("urgent").dispatch(Email("ann"))
SendEmail().dispatch("ann")  # wrong
SendEmail().setQueue("urgent").dispatch(Plain())  # wrong
SendEmail().dispatch(Email(5))  # wrong
SendEmail().dispatchSync(Email("ann"))
SendEmail().dispatchSync({"to": "ann"})
SendEmail().setQueue("urgent").dispatchSync()
SendEmail().dispatchSync("ann")  # wrong
Plain().dispatchSync({"anything": 1})
Pay().dispatch(Payment(amount=5))
Pay().dispatch(5)  # wrong
Plain().dispatch({"anything": 1})
assert_type(Plain.dispatchMany([{}]), list[str])
assert_type(SendEmail.dispatchMany([Email("ann"), Email("bob")]), list[str])
SendEmail.dispatchMany([{"to": "ann"}])
SendEmail.dispatchMany([Email("ann"), {"to": "bob"}])
SendEmail.dispatchMany(Email(to) for to in ("ann", "bob"))
SendEmail().setQueue("urgent").dispatchMany([Email("ann")])
SendEmail.dispatchMany(["ann"])  # wrong
SendEmail.dispatchMany([5, {"to": "bob"}])  # wrong
SendEmail.dispatchMany(Email("ann"))  # wrong
SendEmail().setQueue("urgent").dispatchMany([Plain()])  # wrong
SendEmail.dispatchMany([{"to": "ann"}], connection=object())
Pay.dispatchMany([Payment(amount=5)])
Pay.dispatchMany([5])  # wrong


@job("SendText", queue="texts", attempts=4)
def send_text(to: str, copies: int = 1) -> int:
    return copies


@job()
async def fetch(context: JobContext, url: str) -> bytes:
    return context.id.encode()


@job("Other", queu="texts")  # wrong
def other() -> None: ...


@job(attempts="three")  # wrong
def another() -> None: ...


@job(rateLimit={"limit": 10, "minutes": 1})
def limited(context: JobContext) -> None:
    context.release("+5 minutes", attempts="count")


@job(rateLimit=10)  # wrong
def wrongly_limited() -> None: ...


assert_type(send_text.dispatch("ann"), str)
send_text.dispatch("ann", copies=2)
send_text.dispatch(5)  # wrong
send_text.dispatch()  # wrong
send_text.dispatch("ann", color=2)  # wrong
send_text.setQueue("urgent").setDelay("+5 minutes").dispatch("ann")
send_text.setQueue("urgent").dispatch(5)  # wrong
send_text.setQueue(5)  # wrong
send_text.dispatchMany([{"to": "ann"}])
assert_type(send_text("ann"), int)
send_text(5)  # wrong
fetch.dispatch("https://example.org")
fetch.dispatch(url=5)  # wrong
fetch("https://example.org")  # wrong


async def call(context: JobContext) -> None:
    assert_type(await fetch(context, "https://example.org"), bytes)
    call_: Coroutine[Any, Any, bytes] = fetch(context, "https://example.org")
    await call_


async def dispatch() -> None:
    assert_type(await SendEmail().dispatchAsync(Email("ann")), str)
    await SendEmail().setQueue("urgent").dispatchAsync({"to": "ann"})
    await SendEmail().dispatchAsync("ann")  # wrong
    assert_type(await SendEmail.dispatchManyAsync([Email("ann")]), list[str])
    await SendEmail().setQueue("urgent").dispatchManyAsync([{"to": "ann"}])
    await SendEmail.dispatchManyAsync(["ann"])  # wrong
    await SendEmail().dispatchAsync(Email("ann"), connection=object())
    await SendEmail.dispatchManyAsync([Email("ann")], connection=object())
    assert_type(await send_text.dispatchAsync("ann", copies=2), str)
    await send_text.dispatchAsync(5)  # wrong
    assert_type(await send_text.dispatchManyAsync([{"to": "ann"}]), list[str])
