"""The seam stays small enough to hold in mind, and what is built on it is written once."""

import pytest

from lightjobs.engines import ENGINES, resolve
from lightjobs.engines.control import Engine
from lightjobs.engines.coordination import CoordinationStore
from lightjobs.engines.metadata_store import MetadataStore
from lightjobs.engines.redis.engine import RedisEngine
from lightjobs.engines.schedule_store import ScheduleStore
from lightjobs.engines.schema import Schema
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.store import JobStore
from lightjobs.engines.sync import SyncEngine

CONTROL = (
    *("cancel", "cancel_many", "pause", "resume", "cleanup"),
    *("expire", "maintain", "ensure_ready", "drop_cancelled"),
)


@pytest.mark.parametrize(
    ("seam", "most"),
    [
        (JobStore, 18),
        (ScheduleStore, 7),
        (CoordinationStore, 5),
        (Schema, 3),
        (MetadataStore, 3),
    ],
)
def test_a_new_store_has_only_so_many_verbs_to_write(seam, most):
    assert 0 < len(seam.__abstractmethods__) <= most


def test_what_people_do_to_jobs_is_not_a_verb_of_the_store():
    assert not JobStore.__abstractmethods__ & set(CONTROL)
    assert set(CONTROL) <= set(vars(Engine))
    assert not Engine.__abstractmethods__ - JobStore.__abstractmethods__


def engine_classes():
    """Every class of an engine: those that ENGINES names, what `connect` makes, and their bases."""
    named = [found for found in map(resolve, ENGINES.values()) if isinstance(found, type)]
    ours = {
        base for engine in (*named, RedisEngine, SqlEngine, SyncEngine) for base in engine.__mro__
    }
    return {base for base in ours if issubclass(base, Engine) and base is not Engine}


def test_all_engines_are_looked_at():
    assert {engine.__name__ for engine in engine_classes()} == {
        *("RedisEngine", "SqlEngine", "MemoryEngine"),
        *("UnstoredEngine", "SyncEngine", "NullEngine"),
    }


@pytest.mark.parametrize("name", CONTROL)
def test_no_engine_overrides_what_is_written_once(name):
    assert [engine for engine in engine_classes() if name in vars(engine)] == []
