import base64

import pytest
from werkzeug.test import Client

from lightjobs.web.access import TRIES, Everybody, Secrets
from lightjobs.web.app import WebApp
from lightjobs.web.options import Options
from lightjobs.web.origin import Hosts
from lightjobs.web.store import Store

from .addresses import NAMES, address

SECRET, READING, TOKEN = "s3cret-ü:", "look", "t0ken"
GUARDED = [*map(address, NAMES), *("/api" + address(name) for name in NAMES), "/metrics", "/nope"]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def with_password(engine, clock):
    access = Secrets({SECRET: "write", READING: "read"}, clock=clock)
    return Client(WebApp(Store(engine), access, Options()))


@pytest.fixture
def with_link(engine, clock):
    return Client(WebApp(Store(engine), Secrets({TOKEN: "write"}, TOKEN, clock), Options()))


def basic(password, user="ann"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("path", GUARDED)
def test_nothing_is_shown_without_a_secret(with_password, with_link, path):
    for client in (with_password, with_link):
        answer = client.get(path)
        assert answer.status_code == 401
        assert "mail" not in answer.text


@pytest.mark.parametrize("path", ["/health", "/robots.txt", "/static/0/lightjobs.css"])
def test_some_is_answered_to_everybody(with_password, path):
    assert with_password.get(path).status_code == 200


WRONG = [
    *(basic("wrong"), basic(""), basic(SECRET + "x"), basic(SECRET[:-1]), basic(TOKEN)),
    *(bearer("wrong"), bearer(""), {"Authorization": "Basic !"}, {"Authorization": "Basic"}),
    *({"Authorization": f"Digest {SECRET}"}, {"Authorization": SECRET}, {"Cookie": "a=b"}),
]


@pytest.mark.parametrize("headers", WRONG)
def test_a_wrong_secret_opens_nothing(with_password, headers):
    assert with_password.get("/", headers=headers).status_code == 401


@pytest.mark.parametrize("secret", [SECRET, READING])
def test_a_password_opens_the_page_for_any_user(with_password, secret):
    for headers in (basic(secret), basic(secret, ""), basic(secret, "ü")):
        assert with_password.get("/", headers=headers).status_code == 200


def test_a_program_gives_the_password_as_a_bearer_token(with_password):
    assert with_password.get("/api/queues", headers=bearer(READING)).status_code == 200


def test_a_browser_is_asked_for_a_password_only_if_there_is_one(with_password, with_link):
    assert with_password.get("/").headers["WWW-Authenticate"].startswith("Basic realm=lightjobs")
    assert "WWW-Authenticate" not in with_link.get("/").headers


def test_the_second_password_may_only_look(with_password, engine):
    form = {"action": "pause", "queue": "mail"}
    same = {"Sec-Fetch-Site": "same-origin"}
    refused = with_password.post("/queues", data=form, headers={**basic(READING), **same})
    assert (refused.status_code, engine.paused_queues()) == (403, [])
    done = with_password.post("/queues", data=form, headers={**basic(SECRET), **same})
    assert (done.status_code, engine.paused_queues()) == (303, ["mail"])


def test_a_link_is_traded_for_a_cookie_that_scripts_cannot_read(with_link):
    answer = with_link.get(f"/queues?a=1&token={TOKEN}&b=%26")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queues?a=1&b=%26")
    cookie = answer.headers["Set-Cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert with_link.get("/queues").status_code == 200


def test_the_cookie_is_for_https_only_where_it_was_given_by_https(with_link):
    answer = with_link.get(f"/?token={TOKEN}", base_url="https://localhost/")
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_the_cookie_belongs_to_the_prefix(with_link):
    answer = with_link.get(f"/?token={TOKEN}", base_url="http://localhost/jobs")
    assert "Path=/jobs" in answer.headers["Set-Cookie"].split("; ")
    assert answer.headers["Location"] == "/jobs/"


@pytest.mark.parametrize("path", ["/queues/%0AX%20y", "/queues/%C3%BC%2F%25", "/queues/a/b"])
def test_a_link_to_any_page_leads_there(with_link, path):
    answer = with_link.get(f"{path}?token={TOKEN}")
    assert answer.headers["Location"] == path.replace("%2F", "/")


def test_a_link_leads_to_no_other_host(with_link):
    answer = with_link.get(f"//evil.example/?token={TOKEN}")
    assert not answer.headers.get("Location", "").startswith("//")


def test_a_wrong_link_and_a_password_in_an_address_open_nothing(with_link, with_password):
    assert with_link.get("/?token=wrong").status_code == 401
    assert with_password.get(f"/?token={SECRET}").status_code == 401


def test_an_old_link_does_no_harm_to_those_who_are_in(with_link):
    with_link.get(f"/?token={TOKEN}")
    assert with_link.get("/?token=of-yesterday").status_code == 200


def test_two_pages_on_one_host_have_different_cookies(engine):
    names = [
        Client(WebApp(Store(engine), Secrets({secret: "read"}, secret), Options()))
        .get(f"/?token={secret}")
        .headers["Set-Cookie"]
        .partition("=")[0]
        for secret in ("a", "b")
    ]
    assert len(set(names)) == 2


TRY = {
    "basic": lambda client, n: client.get("/", headers=basic(f"wrong{n}")),
    "bearer": lambda client, n: client.get("/api/queues", headers=bearer(f"wrong{n}")),
    "link": lambda client, n: client.get(f"/?token=wrong{n}"),
}


@pytest.mark.parametrize("kind", TRY)
def test_after_ten_wrong_tries_an_address_waits_for_a_minute(with_password, with_link, clock, kind):
    client = with_link if kind == "link" else with_password
    right = bearer(TOKEN if kind == "link" else SECRET)
    codes = [TRY[kind](client, n).status_code for n in range(TRIES)]
    # The tenth try by a link uses up the tries, and is itself refused for that.
    assert codes[: TRIES - 1] == [401] * (TRIES - 1)
    answer = client.get("/", headers=right)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    other = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/", headers=right, environ_overrides=other).status_code == 200
    clock.now += 61
    assert client.get("/", headers=right).status_code == 200


def test_asking_without_a_secret_is_no_try(with_password):
    assert {with_password.get("/").status_code for _ in range(2 * TRIES)} == {401}


@pytest.mark.parametrize(
    ("tried", "asking", "code"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", 429),
        ("2001:db8::1", "2001:db8:0:1::1", 200),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1", 429),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", 200),
    ],
)
def test_who_has_many_addresses_has_no_more_tries(with_password, tried, asking, code):
    for n in range(TRIES):
        with_password.get("/", headers=basic(f"wrong{n}"), environ_overrides={"REMOTE_ADDR": tried})
    answer = with_password.get(
        "/", headers=basic(SECRET), environ_overrides={"REMOTE_ADDR": asking}
    )
    assert answer.status_code == code


def test_those_who_are_in_are_not_kept_out_by_the_tries_of_others(with_link):
    with_link.get(f"/?token={TOKEN}")
    stranger = Client(with_link.application)
    for n in range(TRIES):
        stranger.get("/", headers=bearer(f"wrong{n}"))
    assert with_link.get("/").status_code == 200


@pytest.mark.parametrize("secrets", [{}, {"": "write"}])
def test_there_is_no_page_without_a_secret(secrets):
    with pytest.raises(ValueError, match="no secret"):
        Secrets(secrets)


# Where a request comes from.

SENT = {
    "by the page, with https": ({"Sec-Fetch-Site": "same-origin"}, 303),
    "by the page, with http": ({"Origin": "http://localhost"}, 303),
    "by the page, behind a proxy with https": ({"Origin": "https://localhost"}, 303),
    "by an allowed host": ({"Origin": "https://jobs.example.com"}, 303),
    "by a program": (bearer("x"), 303),
    "by another site": ({"Sec-Fetch-Site": "cross-site"}, 403),
    "by another host of the site": ({"Sec-Fetch-Site": "same-site"}, 403),
    "by an address that was typed": ({"Sec-Fetch-Site": "none"}, 403),
    "by another site that claims our origin": (
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        403,
    ),
    "by another origin": ({"Origin": "http://evil.example"}, 403),
    "by another port": ({"Origin": "http://localhost:8000"}, 403),
    "by a name that begins like ours": ({"Origin": "http://localhost.evil.example"}, 403),
    "by a page that hides its origin": ({"Origin": "null"}, 403),
    "by nobody knows whom": ({}, 403),
    "with a password, by nobody knows whom": (basic("x"), 403),
}


@pytest.mark.parametrize("who", SENT)
def test_a_change_must_come_from_the_page_itself(engine, who):
    headers, code = SENT[who]
    hosts = Hosts(["jobs.example.com"], is_loopback=True)
    client = Client(WebApp(Store(engine), Everybody("write"), Options(), hosts))
    answer = client.post("/queues", data={"action": "pause", "queue": "a"}, headers=headers)
    assert answer.status_code == code
    assert engine.paused_queues() == (["a"] if code == 303 else [])


HOSTS = {
    "localhost": 200,
    "localhost:8585": 200,
    "127.0.0.1:8585": 200,
    "[::1]:8585": 200,
    "LOCALHOST": 200,
    "jobs.example.com": 200,
    "jobs.example.com:444": 200,
    "evil.example": 421,
    "evil.example:8585": 421,
    "localhost.evil.example": 421,
    "127.0.0.1.evil.example": 421,
    "10.0.0.1": 421,
}


@pytest.mark.parametrize("host", HOSTS)
def test_on_this_machine_only_its_own_names_are_hosts(engine, host):
    hosts = Hosts(["jobs.example.com"], is_loopback=True)
    client = Client(WebApp(Store(engine), Everybody("read"), Options(), hosts))
    for path in ("/", "/api/queues", "/nope"):
        code = HOSTS[host]
        expected = 404 if path == "/nope" and code == 200 else code
        assert client.get(path, headers={"Host": host}).status_code == expected
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("allowed", "host", "code"),
    [
        ([], "anything.example", 200),
        (["jobs.example.com"], "anything.example", 421),
        (["jobs.example.com"], "localhost", 421),
        (["jobs.example.com:444"], "jobs.example.com", 421),
    ],
)
def test_elsewhere_any_name_is_a_host_unless_some_are_named(engine, allowed, host, code):
    hosts = Hosts(allowed, is_loopback=False)
    client = Client(WebApp(Store(engine), Everybody("read"), Options(), hosts))
    assert client.get("/", headers={"Host": host}).status_code == code


# Headers.


@pytest.mark.parametrize("path", [*GUARDED, "/health", "/static/0/lightjobs.js", "/queues?x=1"])
def test_every_answer_keeps_browsers_from_doing_harm(visit, path):
    headers = visit().get(path).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_a_program_may_show_the_page_in_a_frame(visit):
    options = Options(frame_ancestors="'self' https://ops.example")
    headers = visit(options=options).get("/").headers
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://ops.example")
    assert "X-Frame-Options" not in headers


FROM = {"REMOTE_ADDR": "10.0.0.7"}


def test_a_change_is_one_line_of_the_log(engine, caplog):
    caplog.set_level("INFO", "lightjobs.web")
    client = Client(WebApp(Store(engine), Secrets({SECRET: "write"}), Options()))
    headers = {**basic(SECRET, "ann\n\x1b[31m"), "Sec-Fetch-Site": "same-origin"}
    form = {"action": "pause", "queue": "mail"}
    client.post("/queues", data=form, headers=headers, environ_overrides=FROM)
    [line] = [record.getMessage() for record in caplog.records]
    assert line == (
        r"user='ann\n\x1b[31m' address=10.0.0.7 action=queues:pause which='queue mail' count=1"
    )


@pytest.mark.parametrize("host", ["", "a b", "a@b", "x" * 300, "ü", "[", "a:b:c", "a/b"])
def test_a_host_that_is_none_is_refused_without_a_traceback(engine, host, caplog):
    hosts = Hosts([], is_loopback=True)
    client = Client(WebApp(Store(engine), Everybody("read"), Options(), hosts), use_cookies=False)
    answer = client.get("/", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in (400, 421)
    assert not caplog.records
