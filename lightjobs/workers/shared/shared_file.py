"""Memory that a supervisor and its children share: a file without a name, passed on as a
descriptor."""

from __future__ import annotations

import os
import tempfile


def shared_file(size: int) -> int:
    """The descriptor of a new unlinked file of `size` zero bytes."""
    descriptor, path = tempfile.mkstemp(prefix="lightjobs-")
    os.unlink(path)
    os.truncate(descriptor, size)
    return descriptor
