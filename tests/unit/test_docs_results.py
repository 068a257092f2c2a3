import lightjobs
from lightjobs import current
from lightjobs.engines.where import Where
from lightjobs.notes.run_notes import Progress
from tests.support.documents import blocks, run

from .support import run as run_job
from .working import Worker


def test_the_results_in_the_docs_are_found(engine):
    keep, ask = blocks("docs/how-to/results.md", "Keep what a job returns")
    names = run(keep, __name__)
    Worker(engine).run()
    run(ask, __name__, **names)
    assert lightjobs.result(names["job_id"]) == {"sum": 6}
    assert lightjobs.result(names["other"]) == 42
    assert current.engine() is engine


def test_the_progress_in_the_docs_is_told(engine):
    (code,) = blocks("docs/how-to/results.md", "Show progress")
    names = run(code, __name__)
    (stored,) = engine.browse(Where(status="new"))
    done = run_job(names["Import"], stored.payload)
    assert done.exception is None
    assert done.context.told_progress == Progress(2, 2, "row b")
    names["export"].dispatch(3)
    Worker(engine).run()
    assert engine.stats() == {}
