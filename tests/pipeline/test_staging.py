"""The lock of a day's staging keeps two processes from collecting at once."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from audit_trail.pipeline.local_staging import LocalStaging

GENESIS, DAY = "ab" * 32, "2026-03-14"


@pytest.fixture
def staging(tmp_path: Path) -> LocalStaging:
    return LocalStaging(tmp_path, GENESIS, DAY)


def lock_file(tmp_path: Path) -> Path:
    return tmp_path / GENESIS[:16] / f".{DAY}.lock"


def is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_clearing_the_files_keeps_others_locked_out(staging: LocalStaging, tmp_path: Path) -> None:
    with staging.locked():
        staging.start_over()
        staging.write("file", b"x")
        assert is_locked(lock_file(tmp_path))
    assert not is_locked(lock_file(tmp_path))


def test_a_lock_whose_file_was_removed_is_taken_again(
    staging: LocalStaging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lock_file(tmp_path)
    taken: list[int] = []
    flock = fcntl.flock

    def removed_meanwhile(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        taken.append(descriptor)
        if len(taken) == 1:
            path.unlink()

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    with staging.locked():
        monkeypatch.setattr(fcntl, "flock", flock)
        assert len(taken) == 2
        assert is_locked(path)


def test_wiping_leaves_nothing(staging: LocalStaging, tmp_path: Path) -> None:
    with staging.locked():
        staging.write("file", b"x")
    staging.wipe()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    staging.wipe()
