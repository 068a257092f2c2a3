"""A login of MySQL's that PyMySQL cannot do alone."""

from __future__ import annotations

import socket
import threading

import pymysql._auth
import pytest

from lightjobs.engines.sql.mysql import Mysql
from lightjobs.errors import SettingsError
from lightjobs.settings.database_settings import DatabaseSettings

PLUGIN = b"caching_sha2_password\0"
GREETING = (
    b"\x0a9.7.0\0" + b"\1\0\0\0" + b"saltsalt\0"
    # Its abilities: protocol 4.1, transactions, secure connections, named logins; no TLS.
    + b"\x01\xa2" + b"\x2d" + b"\2\0" + b"\x08\0" + b"\x15" + bytes(10)
    + b"saltsaltsalt\0" + PLUGIN
)  # fmt: skip
FULL_LOGIN = b"\1\4"
PUBLIC_KEY = b"\1-----BEGIN PUBLIC KEY-----"


@pytest.fixture
def server():
    """A server that has no login in its cache and asks for the encrypted password."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        client = listening.accept()[0]
        with client:
            for number, packet in ((0, GREETING), (2, FULL_LOGIN), (4, PUBLIC_KEY)):
                client.sendall(len(packet).to_bytes(3, "little") + bytes([number]) + packet)
                client.recv(4096)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1]
    thread.join()
    listening.close()


def test_a_login_that_needs_another_package_says_what_to_do(server, monkeypatch):
    monkeypatch.setattr(pymysql._auth, "_have_cryptography", False)
    settings = DatabaseSettings(
        name="jobs", host="127.0.0.1", port=server, user="u", password="s3cret", tls="off"
    )
    with pytest.raises(SettingsError) as caught:
        Mysql(settings).ask("SELECT 1")
    assert str(caught.value) == (
        "MySQL database jobs: without TLS, the server's login caching_sha2_password needs a "
        'package that is not installed; allowed: DB_TLS=on, or `pip install "pymysql[rsa]"`'
    )
