"""The small HTTP server of probes and scrapes."""

import contextlib
import socket
import threading
import time
from http.client import HTTPConnection

import pytest

from lightjobs.errors import SettingsError
from lightjobs.metrics import listener
from lightjobs.metrics.listener import Answer, Listener
from tests.support.waiting import wait_until

PAGES = {
    "/metrics": lambda accept: Answer(200, f"ü {accept}\n"),
    "/ready": lambda _accept: Answer(503, "starting\n"),
    "/broken": lambda _accept: 1 / 0,
}


@contextlib.contextmanager
def serving(pages=PAGES):
    served = Listener("127.0.0.1", 0, pages)
    thread = threading.Thread(target=served.serve)
    thread.start()
    try:
        yield served
    finally:
        if thread.is_alive():
            served.end()
            thread.join(10)
        served.close()
    assert not thread.is_alive()


def ask(port, path="/metrics", method="GET", **headers):
    """The status, the headers and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()


def raw(port, request, half_close=False):
    """All that comes back for these bytes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        while more := connection.recv(4096):
            answer += more
    return answer.decode()


def test_get_and_head_are_answered():
    with serving() as served:
        status, headers, body = ask(served.port, "/metrics?x=1", Accept="text/plain")
        assert (status, body) == (200, "ü text/plain\n")
        assert headers["Content-Length"] == "14"
        assert headers["Cache-Control"] == "no-store"
        status, headers, body = ask(served.port, method="HEAD")
        assert (status, body, headers["Content-Length"]) == (200, "", "4")
        assert ask(served.port, "/ready")[::2] == (503, "starting\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_no_other_method_is(method):
    with serving() as served:
        status, headers, _ = ask(served.port, method=method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_other_paths_are_answered_with_those_that_there_are():
    with serving() as served:
        status, _, body = ask(served.port, "/")
        assert status == 404
        assert "/metrics" in body


def test_a_page_that_raises_is_logged_and_ends_nothing(caplog):
    with serving() as served:
        assert ask(served.port, "/broken")[0] == 500
        assert ask(served.port)[0] == 200
    assert "/broken could not be answered" in caplog.text


@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics SMTP\r\n\r\n",
        b"GET  /metrics HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_request_ends_nothing(request_):
    with serving() as served:
        with contextlib.suppress(ConnectionError):
            assert " 400 " in raw(served.port, request_) or len(request_) > 20_000
        assert ask(served.port)[0] == 200


def test_a_connection_that_is_closed_again_ends_nothing():
    with serving() as served:
        assert raw(served.port, b"", half_close=True) == ""
        assert ask(served.port)[0] == 200


def test_silent_connections_hold_up_nobody(monkeypatch):
    monkeypatch.setattr(listener, "PATIENCE_SECONDS", 60.0)
    with serving() as served, contextlib.ExitStack() as silent:
        for _ in range(5):
            connection = socket.create_connection(("127.0.0.1", served.port))
            silent.enter_context(connection)
            connection.sendall(b"GET /metr")
        began = time.monotonic()
        assert ask(served.port)[0] == 200
        assert time.monotonic() - began < 30


def test_no_more_than_so_many_connections_are_kept(monkeypatch):
    monkeypatch.setattr(listener, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(listener, "_MOST_CONNECTIONS", 3)
    with serving() as served, contextlib.ExitStack() as silent:
        first = silent.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        for _ in range(3):
            silent.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        first.settimeout(10)
        assert first.recv(1) == b""
        assert ask(served.port)[0] == 200


def test_a_silent_connection_is_closed_in_the_end(monkeypatch):
    monkeypatch.setattr(listener, "PATIENCE_SECONDS", 0.05)
    with serving() as served:
        assert raw(served.port, b"GET /metr") == ""


def test_a_request_that_waits_while_nobody_serves_is_answered_after_it():
    with contextlib.closing(Listener("127.0.0.1", 0, PAGES)) as served:
        answers = []
        asking = threading.Thread(target=lambda: answers.append(ask(served.port)[0]))
        asking.start()
        for _ in range(2):  # it may be ended and served again
            thread = threading.Thread(target=served.serve)
            thread.start()
            wait_until(lambda: answers or not asking.is_alive(), what="an answer")
            served.end()
            thread.join(10)
        asking.join(10)
    assert answers == [200]


def test_what_was_asked_before_the_end_is_answered():
    asked, go_on = threading.Event(), threading.Event()

    def slow(_accept):
        asked.set()
        go_on.wait(10)
        return Answer(200, "slow\n")

    served = Listener("127.0.0.1", 0, {"/metrics": slow})
    thread = threading.Thread(target=served.serve)
    thread.start()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(served.port)[2]))
    asking.start()
    assert asked.wait(10)
    served.end()
    go_on.set()
    thread.join(10)
    asking.join(10)
    served.close()
    assert answers == ["slow\n"]


def test_a_port_in_use_is_refused_by_name():
    first = Listener("127.0.0.1", 0, PAGES)
    with pytest.raises(SettingsError, match=f"cannot listen at 127.0.0.1:{first.port}: Addr"):
        Listener("127.0.0.1", first.port, PAGES)
    first.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "a" * 300])
def test_a_host_that_is_not_here_is_refused(host):
    with pytest.raises(SettingsError, match="cannot listen at"):
        Listener(host, 0, PAGES)


def test_a_port_is_free_again_once_it_is_closed():
    with serving() as served:
        port = served.port
        assert ask(port)[0] == 200
    Listener("127.0.0.1", port, PAGES).close()
