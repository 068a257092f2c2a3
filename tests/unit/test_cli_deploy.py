"""The recipes of docs/deploy/ and deploy:print, which fills them in."""

import configparser
import json
import re
import shlex
import shutil
import subprocess

import click
import pytest
import yaml

from lightjobs import cli
from lightjobs.settings.config_files import TEMPLATES
from lightjobs.workers.exiting import EXIT_SECONDS
from lightjobs.workers.store_limits import ANSWER_SECONDS
from tests.support.documents import ROOT

RECIPES = TEMPLATES / "deploy"
UNITS = sorted(path.name for path in (RECIPES / "systemd").iterdir())
SIZES = {"Mi": 2**20, "M": 2**20}


def text(name):
    return (RECIPES / name).read_text(encoding="utf-8")


def ini(given):
    parser = configparser.RawConfigParser(strict=True, interpolation=None)
    parser.optionxform = str
    parser.read_string(given)
    return {name: dict(section) for name, section in parser.items() if name != "DEFAULT"}


def unit(name):
    return ini(text(f"systemd/{name}"))["Service"]


def manifests():
    return list(yaml.safe_load_all(text("kubernetes/lightjobs.yaml")))


def containers():
    for each in manifests():
        if each["kind"] == "Deployment":
            pod = each["spec"]["template"]["spec"]
            yield from [*pod.get("initContainers", []), *pod["containers"]]


def services():
    return yaml.safe_load(text("docker/compose.yaml"))["services"]


def instruction(name):
    found = re.search(rf"^{name} (?:.*? )?(\[.*\])$", text("docker/Dockerfile"), re.MULTILINE)
    return json.loads(found[1])


def commands():
    """All that the recipes start, by where it stands."""
    for name in UNITS:
        yield name, shlex.split(unit(name)["ExecStart"])[1:]
    for name, section in ini(text("supervisor/lightjobs.conf")).items():
        yield name, shlex.split(section["command"])[1:]
    yield "Dockerfile", instruction("CMD")
    yield "HEALTHCHECK", instruction("HEALTHCHECK")[1:]
    yield from ((name, each["command"]) for name, each in services().items() if name != "redis")
    yield from ((each["name"], each["args"]) for each in containers())
    for line in text("procfile/Procfile").splitlines():
        if not line.startswith("#"):
            name, _, command = line.partition(": ")
            yield name, shlex.split(command)[1:]


def values(command):
    """The options of a command line, which must be one that lightjobs understands."""
    name, *arguments = (word.replace("%i", "mail") for word in command)
    found = cli.cli.get_command(click.Context(cli.cli), name)
    assert found is not None, name
    return found.make_context(name, arguments).params


@pytest.mark.parametrize(("where", "command"), [*commands()])
def test_every_command_of_the_recipes_is_understood(where, command):
    if any(name in where for name in ("web", "schedule", "migrate", "release")):
        assert command[0] in ("web", "schedule:work", "migrate:up")
    values(command)


def test_docs_show_the_recipes():
    def texts(folder):
        return {
            path.relative_to(folder): path.read_text()
            for path in folder.rglob("*")
            if path.is_file()
        }

    assert texts(ROOT / "docs/deploy") == texts(RECIPES), "run: make docs-reference"


def test_managers_wait_longer_than_the_grace_and_the_exit_functions():
    grace = values(["job:work"])["grace"]
    assert int(unit("lightjobs.service")["TimeoutStopSec"]) == grace + 10
    assert unit("lightjobs@.service")["TimeoutStopSec"] == "35"
    supervisor = ini(text("supervisor/lightjobs.conf"))["program:lightjobs"]
    assert int(supervisor["stopwaitsecs"]) == grace + 10
    assert services()["worker"]["stop_grace_period"] == f"{grace + 10:.0f}s"
    pod = manifests()[0]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == grace + 5
    assert grace + EXIT_SECONDS <= 30  # Heroku


def test_the_watchdog_waits_longer_than_the_store_may_take():
    assert [name for name in UNITS if int(unit(name)["WatchdogSec"]) < 3 * ANSWER_SECONDS] == []


def test_only_the_supervisor_is_asked_to_stop():
    for name in ("lightjobs.service", "lightjobs@.service"):
        assert unit(name)["KillMode"] == "mixed"
    supervisor = ini(text("supervisor/lightjobs.conf"))["program:lightjobs"]
    assert (supervisor["stopsignal"], supervisor["stopasgroup"]) == ("TERM", "false")
    assert instruction("ENTRYPOINT") == ["lightjobs"]
    assert "STOPSIGNAL SIGTERM\n" in text("docker/Dockerfile")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_waits_until_it_is_told_and_is_restarted(name):
    service = unit(name)
    assert (service["Type"], service["NotifyAccess"], service["Restart"]) == (
        *("notify", "main"),
        "always",
    )
    assert "StartLimitIntervalSec=0" in text(f"systemd/{name}")


def test_probes_ask_the_port_that_the_worker_serves():
    (worker,) = [each for each in containers() if each["name"] == "worker"]
    options = values(worker["args"])
    (port,) = worker["ports"]
    assert port["containerPort"] == options["metrics_port"].port
    probes = {name: worker[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness")}
    assert all(probe == {"path": "/live", "port": port["name"]} for probe in probes.values())
    assert worker["readinessProbe"]["httpGet"]["path"] == "/ready"
    asked = values(instruction("HEALTHCHECK")[1:])["port"].port
    assert asked == values(instruction("CMD"))["metrics_port"].port
    assert asked == values(services()["worker"]["command"])["metrics_port"].port


def test_children_are_replaced_before_their_container_is_full():
    (worker,) = [each for each in containers() if each["name"] == "worker"]
    options = values(worker["args"])
    number, size = re.fullmatch(r"(\d+)(\w+)", worker["resources"]["limits"]["memory"]).groups()
    assert 0 < options["workers"] * options["max_memory"] < int(number) * SIZES[size]


def test_each_selector_finds_its_pods():
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in manifests()
        if each["kind"] == "Deployment"
    }
    for each in manifests():
        selector = each["spec"]["selector"]
        labels = selector if each["kind"] == "Service" else selector["matchLabels"]
        assert pods[each["metadata"]["name"]] == labels


def test_redis_loses_and_evicts_nothing():
    assert services()["redis"]["command"][1:] == [
        *("--appendonly", "yes"),
        *("--maxmemory-policy", "noeviction"),
    ]


def test_what_is_printed_names_the_project(call, tmp_path):
    status, out, _err = call(
        "deploy:print", "systemd", "lightjobs.service", "--user=www", "--queue=a,b"
    )
    assert status == 0
    service = ini(out)["Service"]
    assert service["WorkingDirectory"] == service["ReadWritePaths"] == str(tmp_path)
    assert service["User"] == "www"
    assert re.fullmatch(r"/.*/lightjobs job:work --queue=a,b", service["ExecStart"])


@pytest.mark.parametrize("kind", ["systemd", "supervisor", "docker", "kubernetes", "procfile"])
def test_nothing_of_the_recipes_own_project_is_left(call, kind):
    status, out, _err = call("deploy:print", kind, "--user=www", "--image=reg.example/a:1")
    assert status == 0
    assert "shop" not in out
    for path in (RECIPES / kind).iterdir():
        assert (f"# ---------- {path.name} ----------\n" in out) == (
            len(list((RECIPES / kind).iterdir())) > 1
        )
        assert call("deploy:print", kind, path.name, "--user=www")[0] == 0


def test_a_folder_that_needs_quotes_is_refused(call, tmp_path, monkeypatch):
    (tmp_path / "a b").mkdir()
    monkeypatch.chdir(tmp_path / "a b")
    status, _out, err = call("deploy:print", "systemd")
    assert status == 2
    assert "the folder" in err
    assert "would need quotes" in err


def test_a_file_that_does_not_exist_is_refused_with_those_that_do(call):
    status, _out, err = call("deploy:print", "systemd", "none")
    assert status == 2
    assert "lightjobs@.service" in err


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_takes_the_units(call, tmp_path):
    paths = []
    for name in UNITS:
        _status, out, _err = call("deploy:print", "systemd", name, "--user=root")
        path = tmp_path / name.replace("@", "@mail")
        # The interpreter may be one without an installed lightjobs; verify looks for the program.
        path.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", out))
        paths.append(str(path))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert (done.returncode, ours) == (0, [])
