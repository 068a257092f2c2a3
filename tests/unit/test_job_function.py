import asyncio
import inspect
import json
from dataclasses import dataclass
from datetime import date

import pytest

from lightjobs import Backoff, Job, JobContext, JobDefinitionError, PayloadError, job
from lightjobs.execution import registry
from lightjobs.job_function import Attributes, FunctionJob
from lightjobs.model import Done, Failed, Release

from .support import run


@dataclass
class Item:
    name: str
    price: float


CALLS = []


@job("Mail", queue="emails", attempts=4, retryAfter=Backoff(), priority="higher")
def send_email(to: str, items: list[Item], on: date | None = None, *, copies: int = 1) -> str:
    """Send an email."""
    CALLS.append((to, items, on, copies))
    return f"sent to {to}"


@job()
async def fetch(context: JobContext, url: str) -> str:
    await asyncio.sleep(0)
    return f"{url} for {context.id}"


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def test_it_remains_the_function_it_was():
    assert send_email("ann", []) == "sent to ann"
    assert CALLS == [("ann", [], None, 1)]
    assert (send_email.__name__, send_email.__doc__) == ("send_email", "Send an email.")


def test_dispatch_stores_the_arguments_under_their_names(engine):
    id = send_email.dispatch("ann", items=[Item("a", 1.5)], on=date(2026, 1, 2))
    stored = engine.find(id)
    assert (stored.handler, stored.queue, stored.priority) == ("Mail", "emails", 1)
    assert json.loads(stored.payload) == {
        "to": "ann",
        "items": [{"name": "a", "price": 1.5}],
        "on": "2026-01-02",
    }
    assert registry.lookup("Mail").job.attempts == 4


def test_a_run_calls_the_function_with_rebuilt_arguments():
    text = '{"to":"ann","items":[{"name":"a","price":1}],"on":"2026-01-02","copies":2}'
    assert type(run(registry.lookup("Mail").job, text).outcome) is Done
    assert [("ann", [Item("a", 1.0)], date(2026, 1, 2), 2)] == CALLS


def test_arguments_left_out_get_the_functions_defaults():
    assert type(run(registry.lookup("Mail").job, '{"to":"a","items":[]}').outcome) is Done
    assert CALLS == [("a", [], None, 1)]


def test_a_stored_argument_that_does_not_fit_fails_the_job_with_its_path():
    outcome = run(registry.lookup("Mail").job, '{"to":"a","items":[{"name":"a"}]}').outcome
    assert type(outcome) is Failed
    assert outcome.exception == "payload.items[0].price: missing"


def test_wrong_arguments_are_refused_at_dispatch(engine):
    with pytest.raises(PayloadError, match=r"payload\.to: expected a string"):
        send_email.dispatch(5, [])
    with pytest.raises(TypeError, match="missing a required argument"):
        send_email.dispatch("ann")
    with pytest.raises(TypeError, match="unexpected keyword"):
        send_email.dispatch("ann", [], color=1)
    assert engine.stats() == {}


def test_a_parameter_may_have_any_name(engine):
    @job("Review")
    def review(self: str, payload: int) -> str:
        return f"{self} {payload}"

    assert review(self="ann", payload=1) == "ann 1"
    assert review.dispatchSync(self="ann", payload=1) == "ann 1"
    stored = engine.find(review.dispatch(self="ann", payload=1))
    assert json.loads(stored.payload) == {"self": "ann", "payload": 1}


def test_an_async_function_gets_its_context(engine):
    result = run(registry.lookup(f"{__name__}.fetch").job, '{"url":"u"}')
    assert type(result.outcome) is Done
    assert fetch.dispatchSync("u") == "u for sync"
    assert engine.find(fetch.dispatch(url="u")).payload == '{"url":"u"}'


def test_setters_change_only_the_copy_they_return(engine):
    urgent = send_email.setQueue("urgent").setAttempts(7).setRetryAfter("+1 hour")
    late = urgent.setDelay("+1 hour").setPriority("lowest")
    stored = engine.find(late.dispatch("ann", []))
    assert (stored.queue, stored.priority) == ("urgent", -2)
    assert json.loads(stored.options) == {"attempts": 7, "retryAfter": "+1 hour"}
    assert engine.stats()["urgent"]["delayed"] == 1
    assert engine.find(urgent.dispatch("ann", [])).priority == 1
    plain = engine.find(send_email.dispatch("ann", []))
    assert (plain.queue, plain.options) == ("emails", None)
    with pytest.raises(JobDefinitionError, match=r"setQueue\(\)"):
        send_email.setQueue("")


def test_every_setter_of_job_is_there_except_set_payload():
    def setters(owner):
        return {name for name in vars(owner) if name.startswith("set")}

    assert setters(FunctionJob) == setters(Job) - {"setPayload"}
    for name in setters(FunctionJob):
        own = inspect.signature(getattr(FunctionJob, name)).parameters
        assert list(own) == list(inspect.signature(getattr(Job, name)).parameters)
        attribute = name[3].lower() + name[4:]
        if attribute != "headers":  # they belong to one dispatch
            assert attribute in Attributes.__annotations__


def test_dispatch_many_takes_a_dict_of_arguments_for_each_job(engine):
    ids = send_email.setQueue("q").dispatchMany([{"to": n, "items": []} for n in "ab"])
    assert [json.loads(engine.find(id).payload)["to"] for id in ids] == ["a", "b"]
    with pytest.raises(PayloadError, match="items"):
        send_email.dispatchMany([{"to": "a"}])


def test_untyped_parameters_take_what_json_holds(engine):
    @job()
    def loose(a, b=2):
        return a, b

    assert loose.dispatchSync({"x": [1]}) == ({"x": [1]}, 2)


def test_a_function_in_app_jobs_has_the_name_its_class_would_have(project):
    code = "from lightjobs import job\n@job()\ndef send_invoice(n: int): ...\n"
    project({"app_jobs/__init__.py": "", "app_jobs/billing/__init__.py": code})
    registry.load(["app_jobs"])
    assert registry.handler_of(registry.find("SendInvoice")) == "App\\Jobs\\Billing\\SendInvoice"


def test_annotations_that_are_text_are_read(project):
    code = (
        "from __future__ import annotations\nfrom datetime import date\n"
        "from lightjobs import JobContext, job\n"
        "@job()\ndef remind(context: JobContext, on: date): return context.id, on\n"
    )
    project({"more_jobs.py": code})
    import more_jobs

    assert more_jobs.remind.dispatchSync(date(2026, 1, 2)) == ("sync", date(2026, 1, 2))


def positional(a, /):
    pass


def rest(*args):
    pass


def keywords(**kwargs):
    pass


def late_context(a, context: JobContext):
    pass


def raw(a: bytes):
    pass


def unknown(a: "Nowhere"):  # noqa: F821
    pass


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (positional, "can be passed by name"),
        (rest, "can be passed by name"),
        (keywords, "can be passed by name"),
        (late_context, "only be the first"),
        (raw, r"raw\(a\) is bytes; allowed"),
        (unknown, "Nowhere"),
        (Item, "allowed: a function"),
        (5, "allowed: a function"),
    ],
)
def test_a_function_that_cannot_be_a_job_is_refused(function, reason):
    with pytest.raises(JobDefinitionError, match=reason):
        job("Refused")(function)
    assert "Refused" not in registry.handlers()


def test_a_function_releases_and_fails_its_job_by_its_context():
    @job("Released")
    def released(context: JobContext) -> None:
        context.release("+1 hour", attempts="count")

    @job("Hopeless", attempts=3)
    async def hopeless(context: JobContext) -> None:
        context.failPermanently("no such bank")

    outcome = run(released._job).outcome
    assert isinstance(outcome, Release)
    assert outcome.attempts == 1
    outcome = run(hopeless._job).outcome
    assert isinstance(outcome, Failed)
    assert outcome.exception.startswith("no such bank")


def test_a_function_has_a_rate_limit():
    @job("Limited", rateLimit={"limit": 10, "minutes": 1})
    def limited() -> None: ...

    assert limited._job().rateLimit() == {"limit": 10, "minutes": 1}
    for wrong in ({"limit": 10}, {"limit": -1, "days": 1}, 10):
        with pytest.raises(JobDefinitionError, match="rateLimit"):
            job("WronglyLimited", rateLimit=wrong)


def test_wrong_attributes_are_refused():
    with pytest.raises(JobDefinitionError, match=r"@job is given 'queu'; allowed: queue, "):
        job(queu="x")
    with pytest.raises(JobDefinitionError, match="attempts is 0"):
        job("Refused", attempts=0)(lambda: None)
    with pytest.raises(JobDefinitionError, match=r"write @job\(\)"):
        job(raw)


def test_a_generator_function_is_refused():
    with pytest.raises(JobDefinitionError, match="yields is a generator function"):

        @job()
        def yields():
            yield 1

    with pytest.raises(JobDefinitionError, match="yields_async is a generator function"):

        @job()
        async def yields_async():
            yield 1


def test_an_awaitable_that_the_function_returns_is_awaited():
    class Later:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 42

    @job()
    def later():
        return Later()

    assert later.dispatchSync() == 42
