"""job:verify on the command line."""

import json
import re

import pytest

from lightjobs import current
from lightjobs.engines.consistency import FAULTS
from tests.support.documents import ROOT

from .commands import dispatch


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("lightjobs.engines.sql.consistency.LOOK_AGAIN_SECONDS", 0.01)


def spoil(call, count):
    ids = [dispatch(call) for _ in range(count)]
    call("job:stats")
    current.engine()._db.ask("UPDATE jobs SET status = 'stra\x1bnge', priority = 0", ())
    return ids


def test_a_consistent_store_is_well(call, ready):
    dispatch(call)
    status, out, _err = call("job:verify")
    assert (status, out) == (0, "all is well: jobs, sets, counters and workers agree\n")
    assert json.loads(call("job:verify", "--json")[1]) == {"fix": False, "faults": []}


def test_what_is_wrong_is_named_and_mended(call, ready):
    ids = spoil(call, 12)
    status, out, _err = call("job:verify")
    wrong, last = out.splitlines()
    assert status == 1
    assert wrong.startswith("unknown_status: 12 in a status that does not exist: 1, 2, 3, ")
    assert wrong.endswith(", 10, …")
    assert last == "lightjobs job:verify --fix mends this"
    status, out, _err = call("job:verify", "--fix")
    assert status == 0
    assert out.endswith("; failed, or set aside on Redis: 12\n")
    assert call("job:verify")[0] == 0
    assert r"its status was 'stra\x1bnge', which does not exist" in call("job:show", ids[0])[1]


def test_for_scripts_there_are_json_and_a_status(call, ready):
    ids = spoil(call, 2)
    status, out, _err = call("job:verify", "--json")
    fault = {"kind": "unknown_status", "count": 2, "mended": 0, "names": ids}
    assert (status, json.loads(out)) == (1, {"fix": False, "faults": [fault]})
    status, out, _err = call("job:verify", "--fix", "--json")
    assert (status, json.loads(out)) == (0, {"fix": True, "faults": [{**fault, "mended": 2}]})


@pytest.mark.parametrize("engine", ["memory", "sync", "null"])
def test_where_nothing_is_stored_one_sentence_says_so(call, ready, monkeypatch, engine):
    monkeypatch.setenv("JOB_ENGINE", engine)
    status, out, err = call("job:verify")
    assert (status, out) == (2, "")
    assert err.startswith(f"lightjobs: JOB_ENGINE={engine} ")


def test_the_docs_name_every_kind():
    page = (ROOT / "docs/how-to/verify.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) >= set(FAULTS)
