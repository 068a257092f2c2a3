from lightjobs import Job, current
from lightjobs.settings.settings import load
from tests.support.documents import blocks

from .support import ran
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


def test_the_tenant_of_the_docs_travels_with_the_job(project, engine):
    (code,) = blocks("docs/how-to/middleware.md", "Change jobs before they are stored")
    config = "jobs = {'engine': 'memory', 'middleware': ['app_jobs.tenants.Tenants']}"
    project(
        {
            "app_jobs/__init__.py": "",
            "app_jobs/tenants.py": code,
            "config/jobs.py": config,
        }
    )
    current.use(engine, load())
    from app_jobs.tenants import tenant

    class Asks(Job):
        def handle(self):
            ran.append(tenant.get())

    Asks().dispatch()
    token = tenant.set("acme")
    Asks().dispatch()
    tenant.reset(token)
    ran.clear()
    Worker(engine).run()
    assert ran == [None, "acme"]
