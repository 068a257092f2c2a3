"""The files in docs/monitoring/: what they ask for exists, and Prometheus understands it."""

import json
import re
from pathlib import Path

import pytest

from lightjobs.metrics.runs import RunMetrics
from lightjobs.metrics.store import StoreMetrics
from tests.support.documents import ROOT

from .samples import promtool, some_store, some_vitals

FILES = ROOT / "docs/monitoring"
HERE = Path(__file__).parent
PUSHED = ("lightjobs_jobs_pushed_total", {"queue", "handler"})
OF_TARGETS = {"job", "instance"}


def series():
    """Each series that is served, with its labels."""
    families = [
        *RunMetrics("redis").families(some_vitals()),
        *StoreMetrics(some_store()).families(),
    ]
    found = dict([PUSHED])
    for family in families:
        labels = set(family.labels)
        if family.kind == "histogram":
            found[f"{family.name}_bucket"] = labels | {"le"}
            found[f"{family.name}_sum"] = found[f"{family.name}_count"] = labels
        else:
            found[family.name + ("_total" if family.kind == "counter" else "")] = labels
    return found


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def dashboard():
    return json.loads((FILES / "grafana.json").read_text(encoding="utf-8"))


def expressions():
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def asked_for(text):
    """The series that an expression names, each with the labels it is filtered by."""
    for name, filters in re.findall(r"\b(lightjobs_\w+)(?:\{([^}]*)\})?", text):
        yield name, set(re.findall(r"(\w+)\s*(?:=|!)", filters))


def test_the_alerts_are_right():
    assert "SUCCESS" in promtool("check", "rules", str(FILES / "alerts.yml"))
    assert "SUCCESS" in promtool("test", "rules", str(HERE / "alerts_test.yml"))


def test_each_alert_has_a_test():
    defined = re.findall(r"alert: (\w+)", (FILES / "alerts.yml").read_text())
    tests = (HERE / "alerts_test.yml").read_text()
    fired = re.findall(r"alertname: (\w+)\n +exp_alerts", tests)
    assert set(defined) == set(fired)


def test_the_dashboard_is_understood(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "5m", text)}
        for number, text in enumerate(expressions())
    ]
    path = tmp_path / "rules.json"  # JSON is YAML
    path.write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", str(path))


def sources():
    variables = [each["query"]["query"] for each in dashboard()["templating"]["list"][1:]]
    return {
        "alerts": [(FILES / "alerts.yml").read_text()],
        "dashboard": [*expressions(), *variables],
    }


@pytest.mark.parametrize("source", ["alerts", "dashboard"])
def test_what_is_asked_for_is_served(source):
    served = series()
    asked = [pair for text in sources()[source] for pair in asked_for(text)]
    assert len(asked) > 8
    for name, labels in asked:
        assert name in served
        assert labels <= served[name] | OF_TARGETS


def test_the_dashboard_shows_every_metric():
    shown = {name for text in expressions() for name, _ in asked_for(text)}
    left_out = {"lightjobs_queue_paused", "lightjobs_schedule_paused", "lightjobs_workers"}
    left_out |= {"lightjobs_scrape_duration_seconds"}
    left_out |= {name for name in series() if name.endswith(("_count", "_sum"))}
    assert series().keys() - shown <= left_out


def test_panels_do_not_overlap():
    taken = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_ids_and_titles_are_unique():
    every = dashboard()["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    assert len({panel["title"] for panel in every}) == len(every)
