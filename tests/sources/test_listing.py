from __future__ import annotations

import os
import socket
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from audit_trail.errors import AuditTrailError, CollectionError, ConfigurationError
from audit_trail.settings import SourceSettings
from audit_trail.sources import SourceFile, list_all, list_files

DAY = date(2026, 1, 9)


def source(url: str, *, name: str = "app", required: bool = False) -> SourceSettings:
    return SourceSettings(name=name, kind="application", url=url, required=required)


def listed(url: str) -> list[str]:
    """What a URL matches, in short: the part of each URI behind the URL's fixed folder."""
    root = url.split("*", maxsplit=1)[0]
    return [
        file.uri.removeprefix("file://").removeprefix(root) for file in list_files(source(url), DAY).files
    ]


def write(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x\n")


def test_files_are_sorted_with_size_and_identity(tmp_path: Path) -> None:
    write(
        tmp_path / "2026-01-09" / "b.log",
        tmp_path / "2026-01-09" / "a.log",
        tmp_path / "2026-01-10" / "c.log",
    )
    files = list_files(source(f"file://{tmp_path}/{{date}}/*.log"), DAY).files
    status = (tmp_path / "2026-01-09" / "a.log").stat()
    assert files[0] == SourceFile(
        uri=f"file://{tmp_path}/2026-01-09/a.log", size_bytes=2, identity=f"{status.st_dev}:{status.st_ino}"
    )
    assert [file.uri[-5:] for file in files] == ["a.log", "b.log"]


def test_a_plain_path_and_its_file_url_list_the_same(tmp_path: Path) -> None:
    write(tmp_path / "a.log")
    assert list_files(source(f"{tmp_path}/*.log"), DAY) == list_files(
        source(f"file://{tmp_path}//*.log"), DAY
    )
    assert list_files(source(f"{tmp_path}/a.log"), DAY) == list_files(source(f"{tmp_path}/*.log"), DAY)


def test_globs_match_one_name_each_and_two_stars_any_depth(tmp_path: Path) -> None:
    write(tmp_path / "x/a.log", tmp_path / "y/z/b.log", tmp_path / "c.log", tmp_path / ".hidden.log")
    assert listed(f"{tmp_path}/*.log") == [".hidden.log", "c.log"]
    assert listed(f"{tmp_path}/*/*.log") == ["x/a.log"]
    assert listed(f"{tmp_path}/*/a.log") == ["x/a.log"]
    assert listed(f"{tmp_path}/**/*.log") == [".hidden.log", "c.log", "x/a.log", "y/z/b.log"]
    assert listed(f"{tmp_path}/**") == [".hidden.log", "c.log", "x/a.log", "y/z/b.log"]
    assert listed(f"{tmp_path}/**/z/?.log") == ["y/z/b.log"]
    assert [file.uri[-5:] for file in list_files(source(f"{tmp_path}/[!x]/z/*"), DAY).files] == ["b.log"]


def test_other_file_systems_list_the_same_way() -> None:
    import fsspec

    root = f"memory://{uuid4().hex}"
    for name in ("2026-01-09/b.log", "2026-01-09/deep/a.log", "2026-01-10/c.log"):
        with fsspec.open(f"{root}/{name}", "wb") as file:
            file.write(b"hello\n")
    flat = list_files(source(f"{root}/{{date}}/*"), DAY)
    uri = f"{root}/2026-01-09/b.log"
    assert flat.files == (SourceFile(uri=uri, size_bytes=6, identity=uri),)
    assert [(item.uri, item.reason) for item in flat.skipped] == [(f"{root}/2026-01-09/deep", "directory")]
    assert len(list_files(source(f"{root}/**/*.log"), DAY).files) == 3
    assert list_files(source(f"{root}/nowhere/*"), DAY).files == ()
    assert list_files(source(uri), DAY).files == flat.files


def test_no_match_is_an_empty_listing_but_an_error_where_required(tmp_path: Path) -> None:
    write(tmp_path / "file")
    for url in (f"{tmp_path}/*.log", f"{tmp_path}/no/such/*.log", f"{tmp_path}/a.log", f"{tmp_path}/file/*"):
        listing = list_files(source(url), DAY)
        assert (listing.files, listing.skipped) == ((), ())
        with pytest.raises(CollectionError, match=r"required source app has no file for 2026-01-09"):
            list_files(source(url, required=True), DAY)


def test_what_is_not_a_file_is_skipped_with_its_reason_and_never_opened(tmp_path: Path) -> None:
    write(tmp_path / "a.log")
    (tmp_path / "b.log").mkdir()
    (tmp_path / "c.log").symlink_to(tmp_path / "gone")
    (tmp_path / "d.log").symlink_to(tmp_path / "e.log")
    (tmp_path / "e.log").symlink_to(tmp_path / "d.log")
    os.mkfifo(tmp_path / "f.log")
    (tmp_path / "g.log").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "h.log"))
        listing = list_files(source(f"{tmp_path}/*.log"), DAY)
    assert [file.uri for file in listing.files] == [f"file://{tmp_path}/a.log"]
    assert [(item.uri[-5:], item.reason) for item in listing.skipped] == [
        ("b.log", "directory"),
        ("c.log", "dangling link"),
        ("d.log", "symlink loop"),
        ("e.log", "symlink loop"),
        ("f.log", "FIFO"),
        ("g.log", "character device"),
        ("h.log", "socket"),
    ]


def test_links_are_followed_and_a_file_with_two_names_is_listed_once(tmp_path: Path) -> None:
    write(tmp_path / "real" / "m.log", tmp_path / "own.log")
    (tmp_path / "z.log").symlink_to("real/m.log")
    (tmp_path / "b.log").hardlink_to(tmp_path / "real" / "m.log")
    (tmp_path / "linked").symlink_to("real")
    assert listed(f"{tmp_path}/*.log") == ["b.log", "own.log"]
    assert listed(f"{tmp_path}/*/m.log") == ["linked/m.log"]


def test_two_stars_do_not_walk_in_circles_but_say_so(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.log")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    listing = list_files(source(f"{tmp_path}/**"), DAY)
    assert [file.uri for file in listing.files] == [f"file://{tmp_path}/a/x.log"]
    assert [item.uri for item in listing.skipped] == [f"file://{tmp_path}/a/up"]


@pytest.mark.parametrize("pattern", ["locked/*.log", "*/*.log", "**/*.log", "locked/sub/a.log"])
def test_a_directory_without_permission_is_an_error_not_an_empty_day(tmp_path: Path, pattern: str) -> None:
    write(tmp_path / "locked" / "a.log", tmp_path / "locked" / "sub" / "a.log")
    tmp_path.chmod(0o755)
    (tmp_path / "locked").chmod(0)
    try:
        outcome = as_nobody(tmp_path, pattern)
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert outcome == "CollectionError"


def test_an_unreadable_directory_that_the_pattern_does_not_name_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "locked" / "a.log", tmp_path / "open" / "a.log")
    tmp_path.chmod(0o755)
    (tmp_path / "locked").chmod(0)
    try:
        outcome = as_nobody(tmp_path, "op*/*.log")
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert outcome == "1 files"


def as_nobody(directory: Path, pattern: str) -> str:
    """List in a child without root's right to read everything; say what came of it."""
    reader, writer = os.pipe()
    # The child could not search the folders above: pytest makes them for their owner only.
    here = Path.cwd()
    os.chdir(directory)
    child = os.fork()
    if child == 0:
        outcome = "foreign error"
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            outcome = f"{len(list_files(source(f'/proc/self/cwd/{pattern}'), DAY).files)} files"
        except AuditTrailError as error:
            outcome = type(error).__name__
        finally:
            os.write(writer, outcome.encode())
            os._exit(0)
    os.chdir(here)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        return answer.read()


def test_ten_thousand_small_files_are_listed_with_one_look_at_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10_000):
        (tmp_path / f"{number:05d}.log").touch()
    looks: list[str] = []
    lstat = os.lstat

    def counted(path: Any, **options: Any) -> os.stat_result:
        looks.append(path)
        return lstat(path, **options)

    monkeypatch.setattr(os, "lstat", counted)
    files = list_files(source(f"{tmp_path}/*.log"), DAY).files
    assert len(files) == len(looks) == 10_000
    assert files[-1].uri == f"file://{tmp_path}/09999.log"


def test_a_file_that_vanishes_while_being_listed_asks_for_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.log")

    def gone(path: str) -> os.stat_result:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "lstat", gone)
    with pytest.raises(CollectionError, match="run again"):
        list_files(source(f"{tmp_path}/*.log"), DAY)


def test_a_name_that_no_manifest_could_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.log")).touch()
    with pytest.raises(CollectionError, match="not UTF-8"):
        list_files(source(f"{tmp_path}/*.log"), DAY)


@pytest.mark.parametrize(
    "url",
    [
        "logs/*.log",
        "~/a.log",
        "file://logs/a.log",
        "nosuch://a/b",
        "ftp://me:secret@host/a",
        "zip://a::/b.zip",
    ],
)
def test_a_url_that_cannot_be_listed_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        list_files(source(url), DAY)
    assert "secret" not in str(raised.value)


def test_a_failing_store_is_a_collection_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("the store's own kind of error")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.ls", failing)
    with pytest.raises(CollectionError) as raised:
        list_files(source("memory://x/*.log"), DAY)
    assert raised.value.found == "RuntimeError"


def test_sources_are_listed_by_name_in_their_order(tmp_path: Path) -> None:
    write(tmp_path / "a.log", tmp_path / "b.txt")
    listings = list_all(
        [source(f"{tmp_path}/*.txt", name="texts"), source(f"{tmp_path}/*.log", name="logs")], DAY
    )
    assert [(name, len(listing.files)) for name, listing in listings.items()] == [("texts", 1), ("logs", 1)]


def test_a_file_that_two_sources_match_is_refused_by_any_of_its_names(tmp_path: Path) -> None:
    write(tmp_path / "a.log")
    (tmp_path / "b.txt").symlink_to("a.log")
    with pytest.raises(ConfigurationError, match="texts and logs match the same file") as raised:
        list_all([source(f"{tmp_path}/*.txt", name="texts"), source(f"{tmp_path}/*.log", name="logs")], DAY)
    assert raised.value.where == f"file://{tmp_path}/a.log"
