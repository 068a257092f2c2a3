import pytest

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
