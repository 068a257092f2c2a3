import pytest

from lightjobs import current
from lightjobs.cleanup import CleanupJob
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, PayloadError
from lightjobs.execution import registry
from lightjobs.model import Done, Failed, NewJob, Retention, Settlement

from .support import run

KEPT = Retention(completed=None, failed=None, cancelled=None)


@pytest.fixture
def engine():
    """A store with one job of each group, named by its handler."""
    engine = MemoryEngine()
    engine.retention = KEPT
    engine.register("w", 30)
    for name in ("completed", "failed", "processing"):
        engine.push([NewJob(name, "q", "{}")])
    done, failed, _running = engine.claim("w", ["q"], 3)
    engine.settle("w", [Done(done.id, done.fence), Failed(failed.id, failed.fence, "x")])
    for name in ("cancelled", "paused", "pending"):
        engine.push([NewJob(name, "q", "{}")])
    engine.move("cancel", Where(handler="cancelled"))
    engine.move("pause", Where(handler="paused"))
    current.use(engine)
    yield engine
    current.use(None)


GROUPS = ["pending", "processing", "completed", "failed", "cancelled", "paused"]


def counts(engine):
    found = {name: n for name, n in engine.stats().get("q", {}).items() if n and name != "delayed"}
    return dict(sorted(found.items()))


ALL = {"cancelled": 1, "completed": 1, "failed": 1, "new": 1, "paused": 1, "queued": 1}


def test_nothing_is_done_unless_asked_for(engine):
    assert engine.cleanup() == {}
    assert counts(engine) == ALL


@pytest.mark.parametrize("group", ["pending", "completed", "failed", "cancelled", "paused"])
def test_remove_deletes_the_jobs_of_that_group_alone(engine, group):
    assert engine.cleanup(**{group: "remove"}) == {group: 1}
    gone = {"pending": "new"}.get(group, group)
    assert counts(engine) == {name: n for name, n in ALL.items() if name != gone}


def test_remove_of_processing_jobs_cancels_them(engine):
    (claim,) = engine.held("w")
    assert engine.cleanup(processing="remove") == {"processing": 1}
    assert engine.settle("w", [Done(claim.id, claim.fence)]) == [Settlement.CANCELLED]
    assert engine.cleanup(cancelled="remove") == {"cancelled": 2}


@pytest.mark.parametrize("group", ["processing", "completed", "failed", "cancelled", "paused"])
def test_rerun_puts_the_jobs_of_that_group_back(engine, group):
    assert engine.cleanup(**{group: "rerun"}) == {group: 1}
    assert counts(engine)["new"] == 2
    assert engine.count(Where(status="new", handler=group)) == 1


def test_rerun_of_pending_jobs_does_nothing_since_they_run_anyway(engine):
    assert engine.cleanup(pending="rerun") == {"pending": 0}
    assert counts(engine) == ALL


@pytest.mark.parametrize("group", GROUPS)
def test_remove_older_than_spares_the_young(engine, group):
    assert engine.cleanup(**{group: "remove older than 7 days"}) == {group: 0}
    assert counts(engine) == ALL


@pytest.mark.parametrize("group", ["pending", "completed", "failed", "cancelled", "paused"])
def test_remove_older_than_takes_the_old(engine, group):
    for job in engine._jobs.values():
        job.created_at = "2001-01-01 00:00:00"
        job.failed_at = job.failed_at and 1_000_000_000.0
    assert engine.cleanup(**{group: "remove older than 7 days"}) == {group: 1}


@pytest.mark.parametrize("action", ["remove", "rerun", "remove older than 1 second"])
def test_a_dry_run_counts_and_changes_nothing(engine, action):
    given = dict.fromkeys(GROUPS, action)
    counted = engine.cleanup(**given, dry_run=True)
    assert counts(engine) == ALL
    if action == "remove":
        assert counted == dict.fromkeys(GROUPS, 1)


def test_queue_and_handler_narrow_it_down(engine):
    assert engine.cleanup(failed="remove", queue="other") == {"failed": 0}
    assert engine.cleanup(failed="remove", handler="other") == {"failed": 0}
    assert engine.cleanup(failed="remove", queue="q", handler="failed") == {"failed": 1}


@pytest.mark.parametrize(
    "text", ["delete", "", "remove older", "remove older than", "Remove", "rerun "]
)
def test_a_wrong_action_is_refused_with_its_group_and_what_is_allowed(engine, text):
    with pytest.raises(LightjobsError, match=r"failed is .*allowed: nothing, rerun, remove"):
        engine.cleanup(failed=text)
    assert counts(engine) == ALL


def test_text_that_is_not_an_age_is_named(engine):
    with pytest.raises(LightjobsError, match="remove older than the hills"):
        engine.cleanup(failed="remove older than the hills")


def test_the_ready_made_job_cleans_up(engine):
    assert CleanupJob().dispatchSync({"failed": "remove"}) == {"failed": 1}
    assert "failed" not in counts(engine)


def test_the_ready_made_job_takes_a_handler_by_its_class_name(engine):
    engine.push([NewJob(registry.handler_of(CleanupJob), "q", "{}")])
    payload = {"pending": "remove", "handler": "CleanupJob"}
    assert CleanupJob().dispatchSync(payload) == {"pending": 1}
    assert engine.count(Where(status="new", handler="pending")) == 1


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({"failed": "zap"}, "failed is 'zap'; allowed: nothing"),
        ({"failed": "remove older than +7"}, "'.7' is neither a length"),
        ({"failed": 7}, "failed"),
        ({"processing": "remove"}, "processing"),
        ({"unheard of": "remove"}, "unheard of"),
    ],
)
def test_the_ready_made_job_is_refused_with_a_wrong_payload(engine, payload, named):
    with pytest.raises(PayloadError, match=named):
        CleanupJob().dispatch(payload)
    assert counts(engine) == ALL


def test_the_ready_made_job_fails_for_good_on_a_wrong_payload_in_the_store(engine):
    assert isinstance(run(CleanupJob, '{"failed": "zap"}').outcome, Failed)
    assert counts(engine) == ALL


def test_a_subclass_of_the_ready_made_job_is_checked_too(engine):
    class Nightly(CleanupJob):
        queue = "night"

    with pytest.raises(PayloadError, match="failed is 'zap'"):
        Nightly().dispatch({"failed": "zap"})
    assert isinstance(run(Nightly, '{"failed": "zap"}').outcome, Failed)
