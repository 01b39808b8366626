"""The demo's home: made, found again, cleaned, and never somebody else's."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from audit_trail.demo import demo_home
from audit_trail.demo.demo_home import (
    MARK,
    OURS,
    check_home,
    clean_home,
    prepare_archive,
    prepare_logs,
    running_home,
)
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import load_settings

DAY = date(2026, 1, 31)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """What a demo leaves behind, and a file of the user's."""
    home = tmp_path / "home"
    for name in OURS:
        (home / name).mkdir(parents=True)
        (home / name / "inside").write_text("x")
    for name in ("audit-trail.yaml", "genesis.sha256"):
        (home / name / "inside").unlink()
        (home / name).rmdir()
    (home / "audit-trail.yaml").write_text(f"{MARK}{{}}\n")
    (home / "genesis.sha256").write_text("x")
    (home / "notes.txt").write_text("mine")
    (home / "my-folder").mkdir()
    return home


def test_only_what_the_demo_made_is_removed(marked: Path) -> None:
    clean_home(marked)
    assert {path.name for path in marked.iterdir()} == {"notes.txt", "my-folder"}


def test_a_link_is_removed_and_not_what_it_leads_to(marked: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (marked / "journal" / "inside").unlink()
    (marked / "journal").rmdir()
    (marked / "journal").symlink_to(outside)
    (marked / "logs" / "link").symlink_to(outside)
    clean_home(marked)
    assert (outside / "precious").read_text() == "x"
    assert not os.path.lexists(marked / "journal")


@pytest.mark.parametrize("config", [b"archive: {bucket: real}\n", b"", b"\xff\xfe", b"# Written by me\n"])
def test_a_home_with_its_own_settings_file_is_refused(tmp_path: Path, config: bytes) -> None:
    (tmp_path / "audit-trail.yaml").write_bytes(config)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "rsa.pem").write_text("x")
    before = snapshot(tmp_path)
    for call in (check_home, clean_home, lambda home: running_home(home).__enter__()):
        with pytest.raises(ConfigurationError, match="belongs to a real archive"):
            call(tmp_path)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["keys", "journal", "ledger", "pins", "genesis.sha256"])
def test_a_home_that_is_configured_by_its_environment_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "inside").write_text("x")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "object").write_text("x")
    before = snapshot(tmp_path)
    for call in (check_home, clean_home, lambda home: running_home(home).__enter__()):
        with pytest.raises(ConfigurationError, match="belongs to a real archive"):
            call(tmp_path)
    assert snapshot(tmp_path) == before


def test_a_home_that_is_not_there_or_was_never_begun_is_clean_already(tmp_path: Path) -> None:
    clean_home(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "notes.txt").write_text("mine")
    clean_home(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_home_that_is_a_file_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(StorageError, match=str(path)), running_home(path):
        pass
    clean_home(path)
    assert path.read_text() == "x"


def test_a_running_home_is_configured_founded_and_refuses_to_be_cleaned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "a [b] {date}"
    with running_home(home) as settings:
        assert (home / "audit-trail.yaml").stat().st_mode & 0o777 == 0o600
        assert home.stat().st_mode & 0o777 == 0o700
        assert load_settings(home=home) == settings
        identity = prepare_archive(settings)
        keys = snapshot(settings.keys)
        assert prepare_archive(settings) == identity
        assert snapshot(settings.keys) == keys
        before = sorted(path.name for path in home.iterdir())
        with pytest.raises(ConfigurationError, match="a store is running"):
            clean_home(home)
        assert sorted(path.name for path in home.iterdir()) == before
    with running_home(home) as again:
        assert again == settings
        assert prepare_archive(again) == identity
    clean_home(home)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("AUDIT_TRAIL_ARCHIVE__BUCKET", "archive.bucket"),
        ("AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL", "archive.endpoint_url"),
        ("AUDIT_TRAIL_JOURNAL_DIR", "journal_dir"),
        ("AUDIT_TRAIL_KEYS_DIR", "keys_dir"),
        ("AUDIT_TRAIL_STAGING_DIR", "staging_dir"),
        ("AUDIT_TRAIL_CONFIG", "archive.endpoint_url"),
    ],
)
def test_an_environment_that_leads_to_a_real_archive_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, field: str
) -> None:
    """Nothing of the demo may reach a bucket where it would stay locked for years."""
    real = tmp_path / "real"
    real.write_text("archive: {bucket: real}")
    monkeypatch.setenv(variable, str(real))
    monkeypatch.setattr(demo_home, "EmbeddedStore", FakeStore)
    with (
        pytest.raises(ConfigurationError, match="not its own") as caught,
        running_home(tmp_path / "home"),
    ):
        pass
    assert caught.value.where == field
    assert "unset" in caught.value.remedy


class FakeStore(EmbeddedStore):
    """Never started: these tests end before anybody would talk to it."""

    endpoint_url = "http://127.0.0.1:9"  # type: ignore[assignment]

    def start(self) -> None:
        pass


def test_logs_are_prepared_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tmp_path / "var-log"
    machine.mkdir()
    (machine / "dpkg.log").write_text("one\n")
    keep = demo_home.keep_machine_logs
    monkeypatch.setattr(demo_home, "keep_machine_logs", lambda folder: keep(folder, machine))
    settings = load_settings(home=tmp_path / "home")
    prepare_logs(settings, DAY, 20)
    first = snapshot(settings.home)
    assert sum(data.count(b"\n") for name, data in first.items() if "/journal/" in name) == 20
    assert [Path(name).name for name in first if "/machine/2026-01-31/" in name] == ["dpkg.log"]
    (machine / "dpkg.log").write_text("one\ntwo\n")
    prepare_logs(settings, DAY, 20)
    assert snapshot(settings.home) == first
    prepare_logs(settings, date(2026, 2, 1), 10)
    assert len(snapshot(settings.home)) > len(first)
