"""The default policy's tables on disk: the same as made now, and never read where others may write."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail import kept_code
from audit_trail.redaction import Policy, Rule, default_policy
from audit_trail.redaction.tables import Tables, tables_of

make_tables: Callable[[Policy], Tables] = tables_of.__wrapped__
EMPTY = bytes(2_000_000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this test's tables are kept."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    yield tmp_path


def kept_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("tables-*") if path.suffix != ".lock"]


def with_digest(body: bytes) -> bytes:
    return sha256(body).digest() + body


def test_kept_tables_are_those_that_are_made(folder: Path) -> None:
    made, kept = make_tables(default_policy()), make_tables(default_policy())
    (path,) = kept_files(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == with_digest(made.data)
    assert (kept.data, kept.sizes, kept.shape_count) == (made.data, made.sizes, made.shape_count)


def test_tables_that_others_may_write_are_made_anew(folder: Path) -> None:
    """Tables of zeros know no key and no shape: nothing would be redacted with them."""
    made = make_tables(default_policy())
    (path,) = kept_files(folder)
    path.write_bytes(with_digest(made.data[:1024] + EMPTY[: len(made.data) - 1024]))
    path.chmod(0o602)
    assert make_tables(default_policy()).data == made.data
    assert path.stat().st_mode & 0o777 == 0o600


def test_tables_in_a_folder_that_others_may_write_are_not_read(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = make_tables(default_policy())
    (path,) = kept_files(folder)
    path.write_bytes(with_digest(made.data[:1024] + EMPTY[: len(made.data) - 1024]))
    path.parent.chmod(0o777)
    assert make_tables(default_policy()).data == made.data
    assert kept_code.NO_FOLDER in caplog.text


@pytest.mark.parametrize("size", [0, 31, 100_000])
def test_tables_that_a_crash_cut_off_are_made_anew(folder: Path, size: int) -> None:
    made = make_tables(default_policy())
    (path,) = kept_files(folder)
    path.write_bytes(path.read_bytes()[:size])
    assert make_tables(default_policy()).data == made.data


def test_of_other_policies_nothing_is_kept(folder: Path) -> None:
    policy = Policy(rules=(Rule(name="door", keys=("door code",)),))
    assert make_tables(policy).data != make_tables(default_policy()).data
    assert len(kept_files(folder)) == 1


def test_where_code_and_tables_are_kept_neither_numba_nor_numpy_is_needed() -> None:
    code = (
        "import sys; from audit_trail.redaction import Redactor; r = Redactor(); r.redact(b'password=x1');"
        "assert r.redact(b'password=hunter2x').data == b'password=[REDACTED:password]';"
        "sys.exit(bool({'numba', 'numpy'} & set(sys.modules)))"
    )
    plugins = Path(kept_code.__file__).parents[1]
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(plugins)}
    subprocess.run(command, env=environment, check=False)  # makes what is not kept yet
    subprocess.run(command, env=environment, check=True)
