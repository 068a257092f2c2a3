"""Memory that a supervisor and its children share: a file without a name, passed on as a
descriptor."""

from __future__ import annotations

import errno
import os

from ...errors import LightjobsError


def shared_file(size: int) -> int:
    """The descriptor of a new file of `size` zero bytes that has no name.

    On Linux the file is in memory, so no folder is needed. Elsewhere it is an unlinked temporary
    file whose blocks are reserved. Raises LightjobsError, which names the folder, if that folder is
    full or not writable.
    """
    if hasattr(os, "memfd_create"):
        try:
            return _sized(os.memfd_create("lightjobs"), size)
        except OSError as error:  # a sandbox may forbid it
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise LightjobsError(
                    f"the workers' shared memory could not be made: {error.strerror}; see ulimit -n"
                ) from error
    return _temporary(size)


def _temporary(size: int) -> int:
    import tempfile  # here: where memory will do, it would take 3 ms of a start

    try:
        descriptor, path = tempfile.mkstemp(prefix="lightjobs-")
        os.unlink(path)
        return _reserved(descriptor, size)
    except OSError as error:
        folder = tempfile.tempdir or os.environ.get("TMPDIR", "the folder for temporary files")
        raise LightjobsError(
            f"no file for the workers' shared memory could be made in {folder}: {error.strerror}; "
            f"TMPDIR must name a writable folder with {size} free bytes for each child"
        ) from error


def _sized(descriptor: int, size: int) -> int:
    try:
        os.truncate(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _reserved(descriptor: int, size: int) -> int:
    """Reserve the blocks of the file now. Without that, a write to its mapped memory ends the
    process with SIGBUS when the folder is full."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:  # macOS
            written = 0
            while written < size:
                written += os.pwrite(descriptor, bytes(size - written), written)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
