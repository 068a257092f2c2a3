"""The headers that every answer has."""

from __future__ import annotations

from werkzeug.wrappers import Response

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)


def secure(response: Response, frame_ancestors: str) -> None:
    """Set what keeps a browser from running foreign scripts, showing the page in a frame, telling
    others its address or keeping it."""
    headers = response.headers
    headers["Content-Security-Policy"] = _POLICY + frame_ancestors
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    if frame_ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
