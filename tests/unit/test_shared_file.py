"""The memory that supervisor and children share does not depend on a folder for temporary files."""

from __future__ import annotations

import errno
import os
import tempfile

import pytest

from lightjobs.errors import LightjobsError
from lightjobs.workers.shared.shared_file import shared_file

memfd_create = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="Linux only")


@pytest.fixture
def without_memfd(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)


@memfd_create
def test_on_linux_no_folder_is_needed(monkeypatch):
    monkeypatch.setattr(tempfile, "mkstemp", None)
    descriptor = shared_file(4096)
    assert os.pread(descriptor, 8192, 0) == bytes(4096)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


@memfd_create
def test_where_memfd_is_forbidden_a_temporary_file_is_used(monkeypatch):
    def forbidden(_name):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "memfd_create", forbidden)
    descriptor = shared_file(4096)
    assert os.fstat(descriptor).st_size == 4096
    os.close(descriptor)


def test_elsewhere_the_blocks_of_the_temporary_file_are_reserved(without_memfd, tmp_path):
    descriptor = shared_file(1024 * 1024)
    found = os.fstat(descriptor)
    assert (found.st_size, found.st_nlink) == (1024 * 1024, 0)
    assert found.st_blocks * 512 >= 1024 * 1024
    os.close(descriptor)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="not on macOS")
def test_a_full_folder_is_an_error_that_names_it(without_memfd, monkeypatch, tmp_path):
    closed = []

    def full(_descriptor, _offset, _size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setattr(os, "close", closed.append)
    with pytest.raises(LightjobsError, match=f"in {tmp_path}: No space left on device"):
        shared_file(4096)
    monkeypatch.undo()
    (descriptor,) = closed
    os.close(descriptor)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_error_that_names_it(without_memfd, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(LightjobsError, match=f"in {tmp_path / 'gone'}: No such file"):
        shared_file(4096)
