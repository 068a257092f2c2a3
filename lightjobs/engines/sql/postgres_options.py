"""What the settings tell libpq about a connection to PostgreSQL."""

from __future__ import annotations

import ssl
from typing import Any

from ...settings.database_settings import DatabaseSettings

_TLS = {"off": "disable", "on": "require", "verify-ca": "verify-ca", "verify": "verify-full"}


def libpq_options(settings: DatabaseSettings) -> dict[str, Any]:
    """The options of a connection but for the login; None leaves one to libpq."""
    return {
        "host": settings.host,
        "port": settings.port or 5432,
        "dbname": settings.name,
        "sslmode": _TLS.get(settings.tls or ""),
        "sslrootcert": settings.tls_ca or _authorities(settings.tls),
        "sslcert": settings.tls_cert,
        "sslkey": settings.tls_key,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "tcp_user_timeout": 15_000,
        "application_name": "lightjobs",
        # One of several hosts may be a standby, which can take no jobs.
        "target_session_attrs": "read-write" if "," in settings.host else None,
        **dict(settings.libpq),
    }


def _authorities(tls: str | None) -> str | None:
    """The system's file of authorities: by itself libpq looks only in the user's home."""
    verifies = tls in ("verify-ca", "verify")
    return ssl.get_default_verify_paths().cafile if verifies else None
