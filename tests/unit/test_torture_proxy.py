"""The network of the torture, in front of a server that answers each line."""

import contextlib
import socket
import socketserver
import threading
import time

import pytest

from lightjobs.torture.proxy import SETTLED, Proxy
from tests.support.waiting import wait_until


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            for line in self.rfile:
                self.server.seen.append(line)
                self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo)
        self.seen = []


@pytest.fixture
def server():
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def proxy(server):
    with Proxy("127.0.0.1", server.server_address[1]) as made:
        yield made


@pytest.fixture
def client(proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as made:
        assert ask(made) == b"x\n"
        yield made


def ask(client, line=b"x\n"):
    client.sendall(line)
    return client.recv(100)


def test_everything_is_passed_on(client):
    big = b"y" * 1_000_000 + b"\n"
    client.sendall(big)
    with client.makefile("rb") as file:
        assert file.readline() == big


def test_closed_connections_end_and_new_ones_work(proxy, client):
    proxy.close_all()
    assert client.recv(1) == b""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as other:
        assert ask(other) == b"x\n"


def test_reset_connections_break_off(proxy, client):
    proxy.reset_all()
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_delay_is_in_both_directions_and_ends(proxy, client):
    def seconds():
        began = time.monotonic()
        assert ask(client) == b"x\n"
        return time.monotonic() - began

    proxy.delay(0.3, 0.6)
    assert seconds() >= 0.6
    wait_until(lambda: seconds() < 0.6)


def test_a_dropped_reply_was_carried_out(proxy, server, client):
    for _ in range(SETTLED - 2):
        ask(client)
    proxy.drop_reply(1)
    assert ask(client) == b"x\n"
    assert ask(client, b"dropped\n") == b""
    assert server.seen[-1] == b"dropped\n"
    assert proxy.dropped == 1


def test_no_reply_to_a_login_is_dropped(proxy):
    proxy.drop_reply(0)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
            assert [ask(client) for _ in range(SETTLED - 1)] == [b"x\n"] * (SETTLED - 1)
    assert proxy.dropped == 0


def test_a_black_hole_takes_everything_and_then_breaks_off(proxy, server, client):
    proxy.swallow(0.4)
    client.sendall(b"swallowed\n")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(5)
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert b"swallowed\n" not in server.seen
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as other:
        assert ask(other) == b"x\n"


def test_a_connection_that_lost_nothing_survives_a_black_hole(proxy, client):
    proxy.swallow(0.1)
    time.sleep(0.2)
    assert ask(client) == b"x\n"


def test_healing_ends_a_black_hole(proxy, client):
    proxy.swallow(60)
    client.sendall(b"swallowed\n")
    time.sleep(0.1)
    proxy.heal()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as other:
        assert ask(other) == b"x\n"


def test_a_server_that_is_away_ends_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        Proxy("127.0.0.1", port) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), 5) as client,
        contextlib.suppress(ConnectionResetError),
    ):
        assert client.recv(1) == b""
