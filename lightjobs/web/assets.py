"""The files that a browser gets as they are. `static/VENDORED.txt` says where those of others are
from."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

FOLDER = Path(__file__).parent / "static"

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""The files that are served, by their ending."""


@cache
def contents() -> dict[str, bytes]:
    """Each file by its name."""
    return {
        path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES
    }


@cache
def version() -> str:
    """Stands in the addresses of all files and changes with any of them, so that browsers may keep
    them for good."""
    digest = hashlib.sha256()
    for name, content in contents().items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def serve(request: Request, asked: str, file: str) -> Response:
    """The file `file`. One of another version than `asked` is served, too, but not to be kept:
    while versions change, a page may be of another process than its files. Raises NotFound."""
    content = contents().get(file)
    if content is None:
        raise NotFound
    response = Response(content, content_type=_TYPES[Path(file).suffix])
    if asked == version():
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
