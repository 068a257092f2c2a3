import re
import sys

import pytest

from lightjobs import env
from lightjobs.env import env as look_up
from lightjobs.errors import SettingsError
from lightjobs.schedule import loading
from lightjobs.settings.settings import examine, load

CONFIG = """from lightjobs.env import env

jobs = {{"engine": {}}}
"""


def dotenv(tmp_path, text):
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    env.forget()


def test_defaults_need_no_file_and_no_environment():
    settings = load()
    assert settings.engine == "sync"
    assert settings.modules == ("app_jobs",)
    assert (settings.lease, settings.max_payload) == (30.0, 1024 * 1024)
    database = settings.database
    assert (database.driver, database.name) == ("sqlite", "jobs.sqlite")
    assert (settings.redis.prefix, settings.redis.port) == ("jobs:", 6379)


def test_dotenv_is_read_from_the_current_directory(tmp_path):
    dotenv(tmp_path, "JOB_ENGINE=null\nDB_NAME='a b.sqlite' # why\nJOB_LEASE=5\n")
    settings = load()
    assert (settings.engine, settings.database.name, settings.lease) == ("null", "a b.sqlite", 5)


def test_a_bom_at_the_start_of_a_file_is_read_over(tmp_path, project):
    dotenv(tmp_path, "\ufeffJOB_ENGINE=null\n")
    project({"config/database.py": "\ufeff# lightjobs\ndatabase = {'name': 'x'}\n"})
    settings = load()
    assert (settings.engine, settings.database.name) == ("null", "x")
    project({"config/schedule.py": "\ufefffrom lightjobs.schedule import schedule\n"})
    assert loading.load() == []


def test_the_folder_searched_is_known_while_nothing_sets_the_engine(tmp_path, monkeypatch):
    assert load().unset_in == tmp_path
    dotenv(tmp_path, "JOB_ENGINE=\n")
    assert load().unset_in == tmp_path
    monkeypatch.setenv("JOB_ENGINE", "sync")
    assert load().unset_in is None


def test_the_real_environment_wins_over_dotenv(tmp_path, monkeypatch):
    dotenv(tmp_path, "JOB_ENGINE=null\n")
    monkeypatch.setenv("JOB_ENGINE", "memory")
    assert load().engine == "memory"


@pytest.mark.parametrize("place", ["environment", "dotenv"])
def test_an_empty_value_is_unset(tmp_path, monkeypatch, place):
    if place == "dotenv":
        dotenv(tmp_path, "JOB_ENGINE=\nJOB_LEASE=\nDB_NAME=''\n")
    else:
        for key in ("JOB_ENGINE", "JOB_LEASE", "DB_NAME"):
            monkeypatch.setenv(key, "")
    settings = load()
    assert (settings.engine, settings.lease) == ("sync", 30.0)
    assert settings.database.name == "jobs.sqlite"


@pytest.mark.parametrize("place", ["environment", "dotenv", "config"])
def test_an_empty_prefix_is_a_prefix(tmp_path, monkeypatch, place):
    if place == "environment":
        monkeypatch.setenv("REDIS_JOB_PREFIX", "")
    elif place == "dotenv":
        dotenv(tmp_path, "REDIS_JOB_PREFIX=\n")
    else:
        (tmp_path / "config").mkdir()
        text = 'redis = {"jobs": {"prefix": ""}}\n'
        (tmp_path / "config" / "redis.py").write_text(text)
    assert load().redis.prefix == ""


def test_an_empty_real_value_leaves_it_to_dotenv(tmp_path, monkeypatch):
    dotenv(tmp_path, "JOB_ENGINE=null\n")
    monkeypatch.setenv("JOB_ENGINE", "")
    assert load().engine == "null"


def test_dotenv_values_may_refer_to_others(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME_OF_JOBS", "/srv")
    dotenv(tmp_path, "BASE=${HOME_OF_JOBS}/x\nDB_NAME=${BASE}/jobs.sqlite\n")
    assert load().database.name == "/srv/x/jobs.sqlite"


def test_another_directory_has_its_own_dotenv(tmp_path, monkeypatch):
    dotenv(tmp_path, "A_KEY=1\n")
    assert look_up("A_KEY") == "1"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert look_up("A_KEY") is None
    assert look_up("A_KEY", "default") == "default"


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("JOB_ENGINE", "rabbit", "redis, valkey, database, memory, sync, null"),
        ("JOB_MODULES", "app-jobs", "packages"),
        ("JOB_MODULES", "../etc", "packages"),
        ("JOB_LEASE", "soon", "at least 1"),
        ("JOB_LEASE", "0", "at least 1"),
        ("JOB_LEASE", "nan", "at least 1"),
        ("JOB_LEASE", "inf", "at least 1"),
        ("JOB_MAX_PAYLOAD", "1M", "a whole number from 1"),
        ("JOB_MAX_PAYLOAD", "0", "a whole number from 1"),
        ("DB_DRIVER", "oracle", "sqlite, mysql, mariadb, pgsql"),
        ("DB_SYNCHRONOUS", "off", "normal, full"),
        ("DB_PORT", "65536", "a whole number from 1 to 65535"),
        ("REDIS_PORT", "x", "a whole number from 1 to 65535"),
        ("REDIS_DB", "-1", "a whole number from 0"),
        ("REDIS_JOB_DB", "1.5", "a whole number from 0"),
        ("REDIS_TLS", "maybe", "true or false"),
        ("REDIS_TLS_VERIFY", "maybe", "true or false"),
        ("REDIS_PROTOCOL", "1", "a whole number from 2 to 3"),
        ("REDIS_TLS_CA", "/missing/ca.pem", "a file that can be read"),
        ("DB_TLS_CA", "/missing/ca.pem", "a file that can be read"),
        ("DB_TLS_KEY", "/", "a file that can be read"),
        ("JOB_ENQUEUE_TIMEOUT", "0", "seconds, at least 0.01"),
    ],
)
def test_a_wrong_value_names_its_key_and_what_is_allowed(monkeypatch, key, value, allowed):
    monkeypatch.setenv("JOB_ENGINE", "redis" if key.startswith("REDIS_") else "database")
    if key in ("DB_PORT", "DB_TLS_CA", "DB_TLS_KEY"):
        monkeypatch.setenv("DB_DRIVER", "pgsql")
        monkeypatch.setenv("DB_NAME", "shop")
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).startswith(f"{key} is {value!r}; allowed: ")
    assert allowed in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("chosen", "wrong"),
    [
        ({"JOB_ENGINE": "database", "DB_DRIVER": "sqlite"}, "REDIS_PORT"),
        ({"JOB_ENGINE": "database", "DB_DRIVER": "sqlite"}, "DB_PORT"),
        ({"JOB_ENGINE": "database", "DATABASE_URL": "pgsql://h/n"}, "DB_SYNCHRONOUS"),
        ({"JOB_ENGINE": "redis"}, "DB_PORT"),
        ({"JOB_ENGINE": "redis"}, "DATABASE_URL"),
        ({"JOB_ENGINE": "memory"}, "REDIS_URL"),
    ],
)
def test_a_wrong_value_of_a_store_that_is_not_chosen_is_only_a_hint(monkeypatch, chosen, wrong):
    for key, text in {**chosen, wrong: "tcp://10.0.0.1:6379"}.items():
        monkeypatch.setenv(key, text)
    assert load().engine == chosen["JOB_ENGINE"]
    assert examine().problems == []
    (hint,) = examine().hints
    assert hint.startswith(wrong)
    assert f"; not used with JOB_ENGINE={chosen['JOB_ENGINE']}" in hint


@pytest.mark.parametrize("key", ["REDIS_PORT", "DB_PORT"])
def test_the_address_that_kubernetes_sets_as_a_port_is_named(monkeypatch, key):
    engine = {"REDIS_PORT": "valkey", "DB_PORT": "database"}[key]
    given = {"JOB_ENGINE": engine, "DB_DRIVER": "mysql", "DB_NAME": "n"}
    for name, text in {**given, key: "tcp://10.0.0.1:6379"}.items():
        monkeypatch.setenv(name, text)
    allowed = "allowed: a whole number from 1 to 65535 (Kubernetes sets"
    with pytest.raises(
        SettingsError, match=re.escape(f"{key} is 'tcp://10.0.0.1:6379'; {allowed}")
    ):
        load()


def test_examine_lists_every_problem_and_takes_the_defaults(monkeypatch):
    keys = ["JOB_ENGINE", "JOB_LEASE", "DB_DRIVER", "REDIS_PORT"]
    for key in keys:
        monkeypatch.setenv(key, "wrong")
    settings, problems, *_ = examine()
    assert [p.split()[0] for p in problems] == [
        "JOB_ENGINE",
        "JOB_LEASE",
        "DB_DRIVER",
        "REDIS_PORT",
    ]
    assert (settings.engine, settings.lease) == ("sync", 30.0)


def test_secrets_are_never_shown(monkeypatch):
    for key in ("REDIS_PASSWORD", "REDIS_URL", "DB_PSWD"):
        monkeypatch.setenv(key, "s3cret")
    monkeypatch.setenv("REDIS_PORT", "wrong")
    settings, problems, *_ = examine()
    assert settings.redis.password == settings.database.password == "s3cret"
    shown = repr(settings) + repr(settings.redis) + repr(settings.database)
    assert "s3cret" not in shown + str(settings) + "".join(problems)


def test_engine_names_may_be_written_in_capitals(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "NULL")
    assert load().engine == "null"


def test_modules_are_a_list(monkeypatch):
    monkeypatch.setenv("JOB_MODULES", " app_jobs , shop.jobs ,")
    assert load().modules == ("app_jobs", "shop.jobs")


@pytest.mark.parametrize(
    "text",
    [
        "jobs = {'engine': 'null'}\n",
        "from lightjobs.env import env\njobs = {'engine': env('NONE', 'null')}\n",
        "base = {'engine': 'sync'}\njobs: dict[str, object] = base | {'engine': 'null'}\n",
        "if True:\n    jobs = dict(engine='null')\n",
        "from app_config import jobs\n",
        "from app_config import *\n",
    ],
)
def test_a_config_file_is_known_by_its_dict(project, text):
    project({"config/jobs.py": text, "app_config.py": "jobs = {'engine': 'null'}\n"})
    assert load().engine == "null"
    sys.modules.pop("app_config", None)


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit('not yours, lightjobs')\n",
        "def run():\n    database = {'driver': 'mysql'}\n",
        "database = object()\n",
        "def database():\n    return {'driver': 'mysql'}\n",
    ],
)
def test_a_config_file_that_defines_no_such_dict_is_another_programs(project, monkeypatch, text):
    project({"config/database.py": text})
    monkeypatch.setenv("JOB_ENGINE", "database")
    assert load().database.driver == "sqlite"
    assert examine().hints == ["config/database.py is not read: it defines no dict called database"]


@pytest.mark.parametrize("unsaid", ["", "'engine': None", "'engine': ''"])
def test_what_a_config_file_does_not_say_the_environment_says(project, monkeypatch, unsaid):
    project({"config/jobs.py": f"jobs = {{{unsaid}}}\njobs['lease'] = 7\n"})
    monkeypatch.setenv("JOB_ENGINE", "null")
    monkeypatch.setenv("JOB_LEASE", "9")
    monkeypatch.setenv("RETAIN_FAILED", "drop")
    settings = load()
    assert (settings.engine, settings.lease, settings.retention.failed) == ("null", 7, 0)
    assert settings.unset_in is None


def test_a_section_of_a_config_file_may_say_a_part_too(project, monkeypatch):
    project({"config/redis.py": "redis = {'default': {'port': 7}, 'jobs': {'prefix': ''}}\n"})
    for key, text in {"HOST": "h", "PORT": "8", "JOB_PREFIX": "p:", "JOB_FORMAT": "php"}.items():
        monkeypatch.setenv(f"REDIS_{key}", text)
    redis = load().redis
    assert (redis.host, redis.port, redis.prefix, redis.format) == ("h", 7, "", "php")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", ("pgsql", "h", 7, "u", "app")),
        ("'name': 'jobs'", ("pgsql", "h", 7, "u", "jobs")),
        ("'driver': 'mysql', 'host': 'other', 'name': 'jobs'", ("mysql", "other", 9, None, "jobs")),
        ("'driver': 'sqlite'", ("sqlite", "127.0.0.1", 9, None, "jobs.sqlite")),
        ("'url': 'pgsql://own/x', 'name': 'y'", ("pgsql", "own", None, None, "x")),
    ],
)
def test_the_environments_url_yields_to_a_config_file(project, monkeypatch, said, expected):
    project({"config/database.py": f"database = {{{said}}}\n"})
    monkeypatch.setenv("DATABASE_URL", "pgsql://u:p@h:7/app")
    monkeypatch.setenv("DB_PORT", "9")  # not that of the server in the file's URL
    found = load().database
    assert (found.driver, found.host, found.port, found.user, found.name) == expected


@pytest.mark.parametrize(
    ("file", "text", "unknown"),
    [
        (
            "jobs",
            "{'engin': 'null'}",
            "unknown key 'engin'; did you mean 'engine'? allowed: engine",
        ),
        ("jobs", "{7: 'null'}", "unknown key 7; allowed: engine, modules"),
        ("database", "{'username': 'x'}", "unknown key 'username'; allowed: url, driver"),
        ("redis", "{'defualt': {}}", "unknown key 'defualt'; did you mean 'default'? allowed: "),
        ("redis", "{'jobs': {'db': 1}}", "in 'jobs', unknown key 'db'; allowed: connection, "),
        ("redis", "{'default': {'hots': 1}}", "in 'default', unknown key 'hots'; did you mean "),
    ],
)
def test_an_unknown_key_is_named_and_hinders_no_program(project, file, text, unknown):
    project({f"config/{file}.py": f"{file} = {text}\n"})
    load()
    (found,) = examine().unknown
    assert found.startswith(f"config/{file}.py: {unknown}")


def test_other_sections_and_lightpacks_keys_are_not_unknown(project):
    others = "'cache': {'connection': 'default'}, 'queue': {'host': 'h'}"
    project({"config/redis.py": f"redis = {{{others}, 'default': {{'timeout': 0.5}}}}\n"})
    assert examine().unknown == []


def test_config_files_are_those_of_the_given_project(project, tmp_path):
    project({"elsewhere/config/jobs.py": CONFIG.format("'null'")})
    assert load(tmp_path / "elsewhere").engine == "null"
    assert load().engine == "sync"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\njobs = {'engine': 1 / 0}\n", 3),
        ("\njobs = {'engine':\n", 2),
        ("import nowhere_to_be_found\njobs = {}\n", 1),
        ("\njobs = {}\nraise SystemExit(1)\n", 3),
    ],
)
def test_a_broken_config_file_is_named_with_its_line(project, text, line):
    project({"config/jobs.py": text})
    with pytest.raises(SettingsError, match=rf"^config/jobs\.py line {line}: "):
        load()


@pytest.mark.parametrize("value", ["None", "7", "'x'"])
def test_a_config_section_of_the_wrong_type_is_a_problem_not_a_traceback(project, value):
    text = f"import lightjobs\nredis = {{'default': {value}, 'jobs': {value}}}\n"
    project({"config/redis.py": text})
    try:
        load()
    except SettingsError as error:
        assert "redis" in str(error)  # noqa: PT017 either is right: an error, or the defaults


def test_a_broken_line_of_dotenv_is_named(tmp_path):
    dotenv(tmp_path, "JOB_ENGINE=null\nthis is 'no line with s3cret\n")
    with pytest.raises(SettingsError, match=r"^\.env line 2 is not KEY=value$"):
        load()


def test_a_dotenv_that_is_not_text_is_an_error_of_ours(tmp_path):
    (tmp_path / ".env").write_bytes(b"JOB_ENGINE=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        load()


def test_an_unreadable_dotenv_is_an_error_of_ours(tmp_path, monkeypatch):
    dotenv(tmp_path, "JOB_ENGINE=null\n")
    original = type(tmp_path).open

    def refuse(self, *args, **keywords):
        if self.name == ".env":
            raise PermissionError(13, "Permission denied")
        return original(self, *args, **keywords)

    monkeypatch.setattr(type(tmp_path), "open", refuse)
    with pytest.raises(SettingsError, match=r"\.env cannot be read.*Permission denied"):
        load()
