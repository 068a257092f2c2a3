"""Memory that a supervisor and its children share: an unlinked file, handed on as a descriptor."""

from __future__ import annotations

import os
import tempfile


def shared_file(size: int) -> int:
    """The descriptor of a new file of `size` zero bytes that has no name."""
    descriptor, path = tempfile.mkstemp(prefix="lightjobs-")
    os.unlink(path)
    os.truncate(descriptor, size)
    return descriptor
