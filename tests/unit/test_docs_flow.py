"""What the pages about unique jobs, groups, chains and batches show."""

import pytest

from lightjobs import JobExists, current
from lightjobs.engines.where import Where
from tests.support.documents import blocks, run

from .working import Worker


def waiting(queue="default"):
    return current.engine().stats().get(queue, {}).get("new", 0)


def test_unique_jobs(engine, capsys):
    once, function = blocks("docs/how-to/unique.md", "Store a job only once")
    names = run(once, __name__)
    assert names["first"] == names["again"] != names["other"]
    run(function, __name__)
    assert waiting() == 3
    (told,) = blocks("docs/how-to/unique.md", "Be told")
    run(told, __name__, **names)
    assert capsys.readouterr().out.endswith(":42\n")
    with pytest.raises(JobExists):
        names["SyncCustomer"]().setWhenTaken("refuse").dispatch({"customer": 42})


def test_debounce_and_throttle(engine, capsys):
    names = run(blocks("docs/how-to/unique.md", "Store a job only once")[0], __name__)
    run(blocks("docs/how-to/unique.md", "Debounce")[0], __name__, **names)
    assert waiting() == 3
    (stored,) = [each for each in engine.browse(Where(status="new")) if "version" in each.payload]
    assert '"version":2' in stored.payload.replace(" ", "")
    run(blocks("docs/how-to/unique.md", "Throttle")[0], __name__, **names)
    Worker(engine).run()
    assert capsys.readouterr().out.count("you have mail") == 1


def test_groups(engine):
    mails, banks = blocks("docs/how-to/groups.md", "Share workers fairly between groups")
    run(mails, __name__)
    engine.register("w", 60)
    claims = engine.claim("w", ["mail"], 100)
    assert len(claims) == 6
    assert "ada" in claims[1].payload
    run(banks, __name__)
    assert [group.name for group in engine.groups("default")] == ["north", "south"]


def test_chains_and_batches(engine, capsys):
    names = {}
    for code in (
        *blocks("docs/how-to/chains-and-batches.md", "Chains"),
        *blocks("docs/how-to/chains-and-batches.md", "Batches"),
        *blocks("docs/how-to/chains-and-batches.md", "Fan out, and in again"),
        *blocks("docs/how-to/chains-and-batches.md", "Grow a batch while it runs"),
    ):
        names |= run(code, __name__, **names)
    for _ in range(3):
        Worker(engine).run()
    printed = capsys.readouterr().out
    assert "importing /tmp/a\n" in printed
    assert printed.count("page ") == 20
    assert printed.count("published") == 2
    assert printed.count("cleaned up") == 1
    assert printed.count("putting the parts together") == 1
    assert "has failed" not in printed
    assert names["crawl"].progress().done == 15
    assert names["run"].progress().percent == 100
    assert waiting() == 0
