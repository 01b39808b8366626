"""The zip file: whole or not at all, private, and the same bytes for the same content."""

from __future__ import annotations

import stat
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.reporting import pack_writer
from audit_trail.reporting.pack_writer import PackWriter


def written(path: Path) -> str:
    with PackWriter(path) as pack:
        pack.add("a.json", b"{}" * 500)
        pack.add_blocks("archive/b.zst", [b"one", b"two"], expected_bytes=6)
        pack.add("run.sh", b"#!/bin/sh\n")
        return pack.finish()


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "one.zip") == written(tmp_path / "two.zip")
    data = (tmp_path / "one.zip").read_bytes()
    assert data == (tmp_path / "two.zip").read_bytes()
    assert sha256(data).hexdigest() == written(tmp_path / "three.zip")


def test_only_its_owner_reads_it_and_the_script_is_executable(tmp_path: Path, umask: None) -> None:
    written(tmp_path / "pack.zip")
    assert stat.S_IMODE((tmp_path / "pack.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "pack.zip") as opened:
        modes = {item.filename: item.external_attr >> 16 & 0o777 for item in opened.infolist()}
        assert modes == {"a.json": 0o644, "archive/b.zst": 0o644, "run.sh": 0o755}
        assert opened.getinfo("archive/b.zst").compress_type == zipfile.ZIP_STORED
        assert opened.testzip() is None


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(b"mine")
    with pytest.raises(ConfigurationError, match="overwrite"):
        PackWriter(tmp_path / "pack.zip")
    assert (tmp_path / "pack.zip").read_bytes() == b"mine"
    (tmp_path / "link.zip").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="overwrite"):
        PackWriter(tmp_path / "link.zip")


def test_what_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="overwrite"), PackWriter(tmp_path / "pack.zip") as pack:
        pack.add("a", b"a")
        (tmp_path / "pack.zip").write_bytes(b"mine")
        pack.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["pack.zip"]
    assert (tmp_path / "pack.zip").read_bytes() == b"mine"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_when_it_ends_early_nothing_is_there(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), PackWriter(tmp_path / "pack.zip") as pack:
        pack.add("a", b"a")
        raise error
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        PackWriter(tmp_path / "none" / "pack.zip")


def test_a_full_disk_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pack_writer.os, "fsync", full)
    with pytest.raises(StorageError, match="could not be written"):
        written(tmp_path / "pack.zip")
    assert not list(tmp_path.iterdir())


def test_large_files_have_64_bit_sizes(tmp_path: Path) -> None:
    with PackWriter(tmp_path / "pack.zip") as pack:
        pack.add_blocks("large.zst", [b"x"], expected_bytes=pack_writer.ZIP64_FROM_BYTES)
        pack.finish()
    with zipfile.ZipFile(tmp_path / "pack.zip") as opened:
        assert opened.getinfo("large.zst").extract_version == zipfile.ZIP64_VERSION
        assert opened.read("large.zst") == b"x"
