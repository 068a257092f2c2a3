"""Calls that cannot work say what to write instead."""

import copy
import json
import pickle

import pytest

from lightjobs import Backoff, Job, JobDefinitionError, PayloadError, current, job
from lightjobs.engines.memory import MemoryEngine


class Pay(Job):
    queue = "payments"
    retryAfter = "+1 minute"
    attempts = 3

    def handle(self):
        return self.payload


@job("pay")
def pay(amount: int) -> None: ...


@pytest.mark.parametrize("method", ["dispatch", "dispatchSync"])
@pytest.mark.parametrize("arguments", [(), ({},), ({"a": 1}, {"a": 1}), ("text",), (7,), (None,)])
def test_a_dispatch_on_the_class_says_to_make_a_job_first(engine, method, arguments):
    with pytest.raises(JobDefinitionError) as caught:
        getattr(Pay, method)(*arguments)
    assert str(caught.value) == (
        f"{method}() is called on a class; write YourJob().{method}(…), which makes a job first"
    )
    with pytest.raises(JobDefinitionError):
        getattr(Pay, method)(payload={"a": 1})
    assert engine.stats() == {}


SETTERS = [name for name in vars(Job) if name.startswith("set")]


@pytest.mark.parametrize("setter", SETTERS)
def test_a_setter_on_the_class_names_the_class(setter):
    for arguments in ((), ("x",), ("x", "y")):
        with pytest.raises(JobDefinitionError, match=rf"write Pay\(\)\.{setter}\("):
            getattr(Pay, setter)(*arguments)
    assert len(SETTERS) >= 7


def test_methods_called_with_a_job_on_the_class_still_work(engine):
    assert Pay.setQueue(Pay(), "x").queue == "x"
    assert engine.find(Pay.dispatch(Pay(), {"a": 1})).payload == '{"a":1}'
    assert Pay.dispatchSync(Pay().setPayload({"a": 1})) == {"a": 1}


def test_an_attribute_error_of_the_users_own_is_not_hidden(engine):
    class Broken(Job):
        def getPayload(self):
            return self.nothing

        def handle(self):
            pass

    for method in (Broken().dispatch, Broken().dispatchSync):
        with pytest.raises(AttributeError, match="nothing"):
            method()


@pytest.mark.parametrize("name", ["queue", "delay", "attempts", "retryAfter", "priority"])
def test_an_attribute_that_is_called_names_its_setter(name):
    setter = "set" + name[0].upper() + name[1:]
    for each in (Pay, Pay(), getattr(Pay(), setter)(getattr(Pay, name)), Job):
        with pytest.raises(JobDefinitionError, match=rf"{name} is an attribute.*{setter}\("):
            getattr(each, name)("+30 seconds")


def test_such_attributes_are_the_text_and_number_they_were(engine):
    pushed = []

    class Noting(MemoryEngine):
        def push(self, jobs):
            pushed.extend(jobs)
            return super().push(jobs)

    current.use(Noting(), current.settings())
    job = Pay().setQueue("x").setDelay("+1 minute").setAttempts(4)
    for made in (job, copy.deepcopy(job), pickle.loads(pickle.dumps(job))):
        assert (made.queue, made.delay, made.attempts) == ("x", "+1 minute", 4)
        made.dispatch()
    assert {type(value) for new in pushed for value in new[:6]} == {str, float, int}
    assert pushed[0].options == '{"attempts": 4}'
    assert repr(Pay.queue) == "'payments'"
    assert json.dumps(Pay.attempts) == "3"


def test_the_attributes_of_several_bases_are_found_in_their_order():
    class Plain(Job):
        pass

    class Mail(Job):
        queue = "mail"

    class Both(Plain, Mail):
        def handle(self):
            pass

    assert Both.queue == "mail"
    assert Both().setRetryAfter(Backoff(attempts=7)).maxAttempts() == 7


@pytest.mark.parametrize("wrong", [{"a": 1}, "text", b"bytes", 7, None, Pay()])
def test_dispatch_many_of_what_is_not_several_is_refused(engine, wrong):
    for call in (Pay.dispatchMany, Pay().dispatchMany, pay.dispatchMany):
        with pytest.raises(PayloadError, match=r"dispatchMany\(\) takes payloads in a list"):
            call(wrong)
    assert engine.stats() == {}


def test_a_job_or_a_list_is_no_payload(engine):
    for call in (Pay().dispatch, Pay().dispatchSync, lambda job: Pay.dispatchMany([job])):
        with pytest.raises(PayloadError, match="give the payload of a job, not the job"):
            call(Pay())
        with pytest.raises(PayloadError, match=r"dispatchMany\(\) takes several"):
            call([{}])
    assert engine.stats() == {}


def test_a_job_may_be_dispatched_again_and_changed_in_between(engine):
    job = Pay().setPayload({"n": 1})
    first = job.dispatch()
    second = job.setQueue("other").dispatch()
    assert [engine.find(id).queue for id in (first, second)] == ["payments", "other"]
