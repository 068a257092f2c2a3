from lightjobs import Job, current
from lightjobs.settings.settings import load
from tests.support.documents import blocks

from .working import Worker


class Dials(Job):
    def handle(self):
        if self.payload:
            raise ConnectionError("nobody answers")


def test_the_middleware_in_the_docs_does_what_it_says(project, engine):
    code, config = blocks("docs/how-to/middleware.md", "Run code around every job")
    project(
        {
            "app_jobs/__init__.py": "",
            "app_jobs/metrics.py": code,
            "config/jobs.py": f"import lightjobs\n{config}",
        }
    )
    current.use(engine, load())
    Dials().dispatch()
    Dials().dispatch({"fails": True})
    Worker(engine).run()
    from app_jobs.metrics import counts

    assert counts == {
        ("pushed", "default"): 2,
        ("claimed", "default"): 2,
        ("Done", "default"): 1,
        ("Release", "default"): 1,
    }
