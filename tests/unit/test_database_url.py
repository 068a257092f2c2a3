import pytest

from lightjobs.engines.sql.postgres import Postgres
from lightjobs.errors import SettingsError
from lightjobs.settings.database_url import parse
from lightjobs.settings.settings import examine, load

TLS = ("tls", "tls_ca", "tls_cert", "tls_key")


@pytest.fixture(autouse=True)
def _chosen(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "database")


def some(url, *keys):
    found = parse(url)
    return tuple(
        found.get(key) for key in keys or ("driver", "host", "port", "name", "user", "password")
    )


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://u:p@h:1/n", ("pgsql", "h", 1, "n", "u", "p")),
        ("postgres://h/n", ("pgsql", "h", None, "n", None, None)),
        ("postgresql+psycopg://u@[::1]/n", ("pgsql", "::1", None, "n", "u", None)),
        ("mysql://u:p%40%2F%3A@h/n%20m", ("mysql", "h", None, "n m", "u", "p@/:")),
        ("mariadb://h", ("mariadb", "h", None, None, None, None)),
        (
            "postgresql:///n?host=/run/postgresql",
            ("pgsql", "/run/postgresql", None, "n", None, None),
        ),
        ("mysql:///n?unix_socket=/run/my.sock", ("mysql", "/run/my.sock", None, "n", None, None)),
    ],
)
def test_a_url_says_where_the_database_is(url, found):
    assert some(url) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://h/n", (None, None, None, None)),
        ("postgresql://h/n?sslmode=prefer", (None, None, None, None)),
        ("postgresql://h/n?sslmode=disable", ("off", None, None, None)),
        ("postgresql://h/n?sslmode=require", ("on", None, None, None)),
        (
            "postgresql://h/n?sslmode=verify-full&sslrootcert=a&sslcert=b&sslkey=c",
            ("verify", "a", "b", "c"),
        ),
        ("mysql://h/n?ssl-mode=VERIFY_IDENTITY&ssl-ca=a", ("verify", "a", None, None)),
        ("postgresql://h/n?sslmode=verify-ca&sslrootcert=a", ("verify-ca", "a", None, None)),
        ("mysql://h/n?ssl_mode=VERIFY_CA&ssl_ca=a", ("verify-ca", "a", None, None)),
        ("mysql://h/n?ssl-mode=PREFERRED", (None, None, None, None)),
    ],
)
def test_a_url_says_how_to_encrypt(url, found):
    assert some(url, *TLS) == found


@pytest.mark.parametrize(
    ("url", "name"), [("sqlite:///a/b.db", "a/b.db"), ("sqlite:////me@home/a.db", "/me@home/a.db")]
)
def test_a_url_of_sqlite_names_the_file(url, name):
    assert parse(url) == {"driver": "sqlite", "name": name}


@pytest.mark.parametrize(
    "options",
    ["charset=utf8mb4", "client_encoding=UTF-8", "application_name=shop&connect_timeout=3"],
)
def test_harmless_options_are_ignored(options):
    assert parse(f"postgresql://h/n?{options}") == parse("postgresql://h/n")


@pytest.mark.parametrize(
    "url",
    [
        "s3cret",
        "oracle://u:s3cret@h/n",
        "postgresql://u:s3cret@h:port/n",
        "postgresql://u:12#s3cret@h/n",
        "postgresql://u:12?s3cret@h/n",
        "postgresql://u:12/s3cret@h/n",
        "postgresql://u:s3cret@[h/n",
        "postgresql://u:s3cret@h/n?sslmode=perhaps",
        "postgresql://u:s3cret@h/n?charset=latin1",
        "postgresql://u:s3cret@h/n?target=x",
        "postgresql://u:s3cret@h1,h2:port/n",
        "postgresql://u:s3cret@h1,,h2/n",
        "postgresql://u:12,3/s3cret@h/n",
        "mysql://u:s3cret@h1,h2/n",
        "mysql://u:s3cret@h/n?channel_binding=require",
    ],
)
def test_a_wrong_url_is_refused_without_showing_it(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: ") as caught:
        load()
    assert "s3cret" not in str(caught.value)


def test_a_url_wins_over_the_single_keys(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://shop@db/jobs")
    for key in ("HOST", "PORT", "NAME", "USER", "PSWD"):
        monkeypatch.setenv(f"DB_{key}", "9")
    found = load().database
    assert (found.driver, found.host, found.name) == ("pgsql", "db", "jobs")
    assert (found.port, found.user) == (None, "shop")


def test_the_single_keys_set_what_a_url_leaves_out(monkeypatch, tmp_path):
    authority = tmp_path / "ca.pem"
    authority.touch()
    keys = {"USER": "shop", "PSWD": "s3cret", "TLS": "verify", "TLS_CA": str(authority)}
    for key, text in keys.items():
        monkeypatch.setenv(f"DB_{key}", text)
    monkeypatch.setenv("DATABASE_URL", "mysql://db/jobs?ssl-mode=preferred")
    found = load().database
    assert (found.host, found.name) == ("db", "jobs")
    assert (found.user, found.password) == ("shop", "s3cret")
    assert (found.tls, found.tls_ca) == ("verify", str(authority))


@pytest.mark.parametrize("driver", ["pgsql", "mysql", "mariadb"])
def test_a_server_needs_the_databases_name(monkeypatch, driver):
    monkeypatch.setenv("DB_DRIVER", driver)
    _settings, problems, *_ = examine()
    assert problems == [f"DB_NAME is not set; DB_DRIVER={driver} needs the database's name"]


def test_tls_is_off_on_or_verified(monkeypatch):
    monkeypatch.setenv("DB_DRIVER", "pgsql")
    monkeypatch.setenv("DB_NAME", "shop")
    monkeypatch.setenv("DB_TLS", "maybe")
    with pytest.raises(
        SettingsError, match="DB_TLS is 'maybe'; allowed: off, on, verify-ca, verify"
    ):
        load()


@pytest.mark.parametrize(
    ("options", "libpq"),
    [
        ("sslmode=require&channel_binding=require", {"channel_binding": "require"}),
        ("options=endpoint%3Dep-cool-1", {"options": "endpoint=ep-cool-1"}),
        ("options=-c%20search_path%3Djobs", {"options": "-c search_path=jobs"}),
        ("target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
    ],
)
def test_what_libpq_reads_is_passed_on_to_it(monkeypatch, options, libpq):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:s3cret@h/n?{options}")
    settings = load().database
    assert dict(settings.libpq) == libpq
    assert libpq.items() <= Postgres(settings)._options.items()


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("h1,h2", "h1,h2", "5432,5432"),
        ("u:p%2C@h1:1,h2", "h1,h2", "1,5432"),
        ("[::1]:1,[::2]:2,h3:3", "::1,::2,h3", "1,2,3"),
    ],
)
def test_several_hosts_of_postgresql_reach_libpq_each_with_its_port(monkeypatch, hosts, host, port):
    monkeypatch.setenv("DB_PORT", "9")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{hosts}/n?target_session_attrs=primary")
    options = Postgres(load().database)._options
    assert (options["host"], options["port"]) == (host, port)
    assert options["target_session_attrs"] == "primary"


@pytest.mark.parametrize(
    ("hosts", "ports", "host", "port"),
    [
        ("h1,h2", "5432,5433", "h1,h2", "5432,5433"),
        ("h1, h2", "1, 2", "h1,h2", "1,2"),
        ("h1,h2", "7", "h1,h2", 7),
        ("h1,h2", "", "h1,h2", 5432),
        ("h", "7", "h", 7),
        ("/run/postgresql", "7", "/run/postgresql", 7),
    ],
)
def test_the_single_keys_name_several_hosts_too(monkeypatch, hosts, ports, host, port):
    keys = {"DRIVER": "pgsql", "NAME": "n", "HOST": hosts, "PORT": ports}
    for key, text in keys.items():
        monkeypatch.setenv(f"DB_{key}", text)
    options = Postgres(load().database)._options
    assert (options["host"], options["port"]) == (host, port)
    assert options["target_session_attrs"] == ("read-write" if "," in host else None)


@pytest.mark.parametrize(
    ("driver", "hosts", "ports", "problem"),
    [
        ("pgsql", "h1,h2", "1,2,3", "DB_PORT has 3 ports and DB_HOST 2 hosts; allowed: one port"),
        ("pgsql", "h1", "1,2", "DB_PORT has 2 ports and DB_HOST 1 hosts; allowed: one port"),
        ("pgsql", "h1,,h2", "", "DB_HOST is 'h1,,h2'; allowed: a host, or several with commas"),
        ("pgsql", "h1,h2", "1,x", "DB_PORT is '1,x'; allowed: a whole number from 1 to 65535"),
        ("mysql", "h1,h2", "", "DB_HOST is 'h1,h2'; several hosts are allowed only for PostgreSQL"),
        ("mariadb", "h", "1,2", "DB_PORT is '1,2'; allowed: a whole number from 1 to 65535"),
    ],
)
def test_wrong_hosts_and_ports_are_named(monkeypatch, driver, hosts, ports, problem):
    keys = {"DRIVER": driver, "NAME": "n", "HOST": hosts, "PORT": ports}
    for key, text in keys.items():
        monkeypatch.setenv(f"DB_{key}", text)
    (found,) = examine().problems
    assert found.startswith(problem)


@pytest.mark.parametrize("driver", ["sqlite", "mysql", "mariadb"])
def test_a_schema_where_there_are_none_is_refused_with_what_to_use(monkeypatch, driver):
    for key, text in {"DRIVER": driver, "NAME": "n", "SCHEMA": "shop"}.items():
        monkeypatch.setenv(f"DB_{key}", text)
    (problem,) = examine().problems
    assert problem.startswith(
        "DB_SCHEMA is 'shop', but only PostgreSQL has schemas; with DB_DRIVER="
    )
    assert "as DB_NAME, or DB_TABLE_PREFIX" in problem


@pytest.mark.parametrize("key", ["DB_SCHEMA", "DB_TABLE_PREFIX"])
@pytest.mark.parametrize("wrong", ['a"b', "Shop", "1st", "a b", "a-b", "a.b", "ü", "x" * 64, "a\n"])
def test_a_name_that_is_not_plain_is_refused(monkeypatch, key, wrong):
    for name, text in {"DB_DRIVER": "pgsql", "DB_NAME": "n", key: wrong}.items():
        monkeypatch.setenv(name, text)
    (problem,) = examine().problems
    assert problem.startswith(f"{key} is ")
    assert "allowed: lower-case letters, digits and underscores" in problem


def test_an_unknown_option_is_named_with_those_that_the_driver_allows():
    with pytest.raises(ValueError, match=r"unknown option 'pgbouncer'; .*channel_binding"):
        parse("postgresql://h/n?pgbouncer=true")
    with pytest.raises(ValueError, match="unknown option 'channel_binding'") as caught:
        parse("mysql://h/n?channel_binding=require")
    assert "target_session_attrs" not in str(caught.value)


def test_a_port_next_to_a_socket_is_read(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///n?host=/run/postgresql&port=5433")
    found = load().database
    assert (found.host, found.port) == ("/run/postgresql", 5433)
