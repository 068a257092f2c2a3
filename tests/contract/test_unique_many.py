"""Pushes of many jobs with keys, which are stored together while their keys are free."""

import itertools
import time

import pytest

from .flows import unique_job

ODD = [
    "a'b",
    'a"b',
    "a\\",
    "{a}",
    "a,b",
    "100%",
    "%(x)s",
    "a\tb",
    "é💥",
    " a ",
    "NULL",
    "null",
    "$[0]",
    ":x",
]


def fields(engine, ids):
    return [
        (job.id, job.unique_key, job.payload, job.priority, job.options, job.group)
        for job in map(engine.find, ids)
    ]


def test_each_job_is_stored_with_what_is_its_own(engine):
    """What many jobs have in common may be sent once."""
    same = [unique_job(key, payload='{"a":1}') for key in ODD]
    other = [
        unique_job(
            f"{key}-{number}", payload=f'{{"a":{number}}}', options=options, priority=number - 1
        )
        for number, (key, options) in enumerate(
            itertools.product(ODD[:2], [None, '{"attempts":3}'])
        )
    ]
    for jobs in (same, other):
        ids = engine.push(jobs)
        assert fields(engine, ids) == [
            (id, job.flow.unique.key, job.payload, job.priority, job.options, None)
            for id, job in zip(ids, jobs, strict=True)
        ]
        assert ids == sorted(ids, key=lambda id: int(id) if id.isdigit() else 0)
        holders = [engine.unique.holder(job.flow.unique.key) for job in jobs]
        assert [holder.job_id for holder in holders] == ids
        assert engine.push(jobs) == ids


def test_each_key_has_a_scope_and_an_end_of_its_own(engine):
    wanted = {"a": ("active", 60.0), "b": ("waiting", 600.5), "c": ("window", 6000.0)}
    now = time.time()
    ids = engine.push(
        [unique_job(key, scope=scope, seconds=seconds) for key, (scope, seconds) in wanted.items()]
    )
    for id, (key, (scope, seconds)) in zip(ids, wanted.items(), strict=True):
        holder = engine.unique.holder(key)
        assert (holder.job_id, holder.scope) == (id, scope)
        assert holder.until == pytest.approx(now + seconds, abs=20)


@pytest.mark.parametrize("taken", [0, 1234, 2499])
def test_a_key_that_is_taken_keeps_none_of_the_others_from_being_stored(engine, taken):
    keys = [f"k{number}" for number in range(2500)]
    (first,) = engine.push([unique_job(keys[taken])])
    ids = engine.push(list(map(unique_job, keys)))
    assert ids[taken] == first
    assert len(set(ids)) == 2500
    assert engine.push(list(map(unique_job, keys))) == ids
    assert engine.stats()["q"]["new"] == 2500
