from lightjobs import Job, configuration, current
from lightjobs.settings import config_files
from tests.support.documents import blocks, run


def test_the_documented_call_is_right(monkeypatch):
    monkeypatch.setattr(config_files, "_elsewhere", {})
    monkeypatch.setattr(configuration, "_configured", None)
    (source,) = blocks("docs/how-to/configure.md", "Configure lightjobs in your program")
    run(source, __name__)
    assert current.settings().database.name == "shop.sqlite"
    assert (Job.attempts, Job.retryAfter) == (3, "+30 seconds")
