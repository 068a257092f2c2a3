"""config/schedule.py of a project."""

import json

import pytest

from lightjobs import SettingsError, current, env
from lightjobs.execution import registry
from lightjobs.model import Slot
from lightjobs.schedule import schedule
from lightjobs.schedule.loading import load
from lightjobs.settings import settings

HEAD = """from lightjobs.schedule import schedule
from app_jobs.send_report import SendReport

"""
JOB = """from lightjobs import Job, job

class SendReport(Job):
    def handle(self):
        pass

@job("Send", queue="emails")
def send_email(to: str, copies: int = 1):
    pass
"""


@pytest.fixture
def write(project, engine):
    """A project with a job and this text, after the imports, in config/schedule.py."""

    def make(text, head=HEAD):
        files = {"app_jobs/__init__.py": "", "app_jobs/send_report.py": JOB}
        root = project({**files, "config/schedule.py": head + text})
        registry.load(["app_jobs"])
        return root

    return make


def problem(project):
    with pytest.raises(SettingsError) as caught:
        load(project)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_project_needs_no_schedule(tmp_path):
    assert load(tmp_path) == []


def test_the_example_has_no_entries(engine):
    from lightjobs.settings.config_files import TEMPLATES

    assert load(TEMPLATES) == []


def test_entries_come_in_the_files_order_with_their_lines(write):
    entries = load(
        write('schedule.job(SendReport).daily()\n\nschedule.command(["ls"]).hourly().name("b")\n')
    )
    assert [(e.name, e.place) for e in entries] == [
        ("SendReport 0 0 * * *", "config/schedule.py line 4"),
        ("b", "config/schedule.py line 6"),
    ]
    assert entries[1].job.getPayload() == {"command": ["ls"]}


def test_each_load_starts_without_entries(write):
    project = write("schedule.job(SendReport).daily()\n")
    assert len(load(project)) == len(load(project)) == 1
    assert schedule.events == []


def test_what_failed_to_load_leaves_nothing_behind(write):
    problem(write("schedule.job(SendReport).daily()\n1 / 0\n"))
    assert len(load(write("schedule.job(SendReport).hourly()\n"))) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('schedule.job(SendReport).cron("61 * * * *")', ["line 4", "'61 * * * *'", "Bad minute"]),
        (
            '(\n    schedule.job(SendReport)\n    .daily()\n    .at("25:00")\n)',
            ["line ", "'25:00'"],
        ),
        ('\nschedule.job(SendReport).daily().timezone("X")', ["line 5", "timezone('X')"]),
        ("schedule.job(SendReport)", ["line 4", "does not say when"]),
        ('schedule.job(SendReport).daily().payload({"a": {1}})', ["line 4", "payload.a", "set"]),
        ('schedule.job(SendReport).daily().payload("x")', ["line 4", "JSON object"]),
        ("schedule.job(SendReport).dayly()", ["line 4", "dayly"]),
        ("schedule.job(Missing)", ["line 4", "Missing"]),
        ("import nothing.here", ["line 4", "nothing"]),
        ("schedule.job(", ["line 4", "SyntaxError"]),
        ("raise SystemExit(3)", ["line 4", "SystemExit"]),
    ],
)
def test_a_mistake_is_shown_with_file_and_line(write, text, words):
    message = problem(write(text + "\n"))
    assert message.startswith("config/schedule.py line ")
    for word in words:
        assert word in message


def test_two_entries_of_one_name_are_refused_with_both_lines(write):
    text = "schedule.job(SendReport).daily()\nschedule.job(SendReport).daily().payload({'a': 1})\n"
    message = problem(write(text))
    for word in ("line 4", "line 5", "'SendReport 0 0 * * *'", ".name("):
        assert word in message


def test_a_payload_beyond_the_limit_is_refused_at_load(write, configured, engine):

    current.use(engine, configured._replace(max_payload=10))
    text = "schedule.job(SendReport).daily().payload({'a': 'x' * 20})\n"
    assert "JOB_MAX_PAYLOAD" in problem(write(text))


def test_an_unreadable_file_is_named(project, engine):
    root = project({"config/schedule.py": ""})
    (root / "config" / "schedule.py").write_bytes(b"\xff\xfe")
    assert "config/schedule.py" in problem(root)


def test_entries_added_outside_a_load_are_dropped(write):
    schedule.command(["ls"]).daily()
    assert [entry.name for entry in load(write("schedule.job(SendReport).hourly()\n"))] == [
        "SendReport 0 * * * *"
    ]


FUNCTION = "from app_jobs.send_report import send_email\n"


def test_a_function_under_job_is_scheduled_with_what_its_setters_set(write):
    text = FUNCTION + (
        "schedule.job(send_email).payload({'to': 'ann'}).daily()\n"
        "urgent = send_email.setQueue('urgent').setPriority('higher').setAttempts(5)\n"
        "schedule.job(urgent).name('urgent').payload({'to': 'bob', 'copies': 2}).daily()\n"
        "schedule.job(send_email).name('other').payload({'to': 'eve'}).queue('slow').daily()\n"
    )
    first, urgent, other = load(write(text))
    assert first.name == "SendEmail 0 0 * * *"
    assert first.new_job(0)[:3] == ("Send", "emails", '{"to":"ann"}')
    new = urgent.new_job(0)
    assert new[:3] == ("Send", "urgent", '{"to":"bob","copies":2}')
    slot = [0, 86_400, "UTC"]
    assert new.priority == 1
    assert json.loads(new.options) == {"attempts": 5, "entry": "urgent", "slot": slot}
    assert other.new_job(0).queue == "slow"
    assert first.new_job(0).queue == "emails"


def test_a_function_is_scheduled_with_the_arguments_it_needs(write):
    text = FUNCTION + "schedule.job(send_email).payload({'copies': 2}).daily()\n"
    assert "config/schedule.py line 5: payload.to: missing" in problem(write(text))


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_job_that_no_worker_would_find_is_refused(write, project, where):
    """Workers import the packages of JOB_MODULES, and neither this file nor others."""
    stray = "from lightjobs import Job\nclass Stray(Job):\n    def handle(self): ...\n"
    if where == "here":
        text, module = stray, "config.schedule"
    else:
        project({"lib/__init__.py": "", "lib/jobs.py": stray})
        text, module = "from lib.jobs import Stray\n", "lib.jobs"
    said = problem(write(f"{text}schedule.job(Stray).daily()\n"))
    assert f"no worker would find {module}.Stray" in said
    assert "JOB_MODULES" in said
    assert f"line {4 + text.count(chr(10))}:" in said


def test_a_plain_function_is_not_a_job(write):
    assert "a function under @job" in problem(write("schedule.job(print).daily()\n"))


def test_an_entry_in_another_file_is_named_with_that_file(write, project):
    root = project(
        {
            "elsewhere/__init__.py": "",
            "elsewhere/extra.py": "from lightjobs.schedule import schedule\n"
            "from app_jobs.send_report import SendReport\n\n\n"
            "schedule.job(SendReport)\n",
        }
    )
    assert problem(write("import elsewhere.extra\n")).startswith(
        f"{root}/elsewhere/extra.py line 5: "
    )


def test_a_name_taken_in_another_file_is_named_with_that_file(write, project):
    root = project(
        {
            "spare/__init__.py": "",
            "spare/more.py": "from lightjobs.schedule import schedule\n"
            "from app_jobs.send_report import SendReport\n\n"
            "schedule.job(SendReport).daily()\n",
        }
    )
    message = problem(write("import spare.more\nschedule.job(SendReport).daily()\n"))
    assert message.startswith("config/schedule.py line 5: ")
    assert f"the entry of {root}/spare/more.py line 4" in message


def test_a_mistake_in_another_file_is_named_with_that_file(write, project):
    root = project(
        {
            "wrong/__init__.py": "",
            "wrong/zone.py": "from lightjobs.schedule import schedule\n"
            "from app_jobs.send_report import SendReport\n\n"
            "schedule.job(SendReport).daily().timezone('X')\n",
        }
    )
    message = problem(write("import wrong.zone\n"))
    assert message.startswith(f"{root}/wrong/zone.py line 4: timezone('X')")


@pytest.mark.parametrize("kind", ["a folder", "NUL bytes"])
def test_a_file_that_is_not_text_is_named_without_a_line(project, engine, kind):
    root = project({"config/__init__.py": ""})
    path = root / "config" / "schedule.py"
    path.mkdir() if kind == "a folder" else path.write_bytes(b"x = 1\n\0")
    said = problem(root)
    assert said.startswith("config/schedule.py")
    assert "None" not in said


def test_the_schedules_name_tells_its_entries_from_those_of_another_project(
    write, engine, monkeypatch
):
    root = write("schedule.job(SendReport).daily()\n")
    taken = []
    for name in ("shop", "blog", None):
        if name is None:
            monkeypatch.delenv("JOB_SCHEDULE_NAME")
        else:
            monkeypatch.setenv("JOB_SCHEDULE_NAME", name)
        env.forget()
        (entry,) = load(root)
        taken.append(entry.name)
        assert engine.schedule.push_slots([Slot(entry.name, 86400.0, entry.new_job(86400))]) != [
            None
        ]
    title = "SendReport 0 0 * * *"
    assert taken == [f"shop: {title}", f"blog: {title}", title]


@pytest.mark.parametrize("name", [" shop", "x" * 51, "a\tb"])
def test_a_wrong_name_of_the_schedule_is_a_wrong_setting(project, monkeypatch, name):
    monkeypatch.setenv("JOB_SCHEDULE_NAME", name)
    with pytest.raises(SettingsError, match=r"JOB_SCHEDULE_NAME is .*1 to 50 printable characters"):
        settings.load(project({}))


def test_both_names_together_must_fit_into_the_store(write, monkeypatch):
    monkeypatch.setenv("JOB_SCHEDULE_NAME", "shop")
    env.forget()
    assert "characters" in problem(write(f"schedule.job(SendReport).daily().name('{'x' * 188}')\n"))
