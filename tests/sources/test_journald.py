"""Journals of systemd: real files, read by the real journalctl."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import NOW, Archive, make_archive  # noqa: F401 - a fixture
from tests.pipeline.test_late_data import content, verified
from tests.sources.journals import BOOTS, need_journals, write_journal

from audit_trail.errors import CollectionError, ConfigurationError, IntegrityError
from audit_trail.settings import SourceSettings
from audit_trail.sources import InputStream, SealedRange, SourceAccess, SourceFile, list_files

DAY = date(2026, 3, 14)
START = datetime(2026, 3, 14, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    need_journals()
    return tmp_path / "journal"


def at(hours: float, message: bytes, **fields: bytes) -> tuple[datetime, dict[str, bytes]]:
    return START + timedelta(hours=hours), {"MESSAGE": message, **fields}


def listed(url: str) -> tuple[SourceFile, ...]:
    source = SourceSettings(name="a", kind="system", url=url)
    return list_files(source, DAY, SourceAccess(now=lambda: NOW)).files


def stream_of(url: str, *sealed: InputStream) -> InputStream:
    (file,) = listed(url)
    ranges = [SealedRange(start=part.start, end=part.end, sha256=part.raw_sha256) for part in sealed]
    return InputStream(file.uri, open_file=file.open, sealed=ranges, start=ranges[-1].end if ranges else 0)


def entries(stream: InputStream) -> list[Any]:
    return [json.loads(line) for line in b"".join(stream).splitlines()]


def messages(url: str, *sealed: InputStream) -> list[Any]:
    return [entry["MESSAGE"] for entry in entries(stream_of(url, *sealed))]


def test_a_days_entries_come_in_the_order_in_which_they_were_written(folder: Path) -> None:
    write_journal(
        folder / "a.journal",
        (START - MICROSECOND, {"MESSAGE": b"the day before"}),
        (START, {"MESSAGE": b"first moment", "PRIORITY": b"6"}),
        at(5, b"noon"),
        (START + timedelta(days=1) - MICROSECOND, {"MESSAGE": b"last moment"}),
        (START + timedelta(days=1), {"MESSAGE": b"the day after"}),
    )
    stream = stream_of(f"journald://{folder}")
    found = entries(stream)
    assert [entry["MESSAGE"] for entry in found] == ["first moment", "noon", "last moment"]
    assert stream.file_uri == f"journald://{folder}?date=2026-03-14&boot={BOOTS[0]}"
    assert {name: found[0][name] for name in ("PRIORITY", "_BOOT_ID", "__REALTIME_TIMESTAMP")} == {
        "PRIORITY": "6",
        "_BOOT_ID": BOOTS[0],
        "__REALTIME_TIMESTAMP": "1773446400000000",
    }
    assert found[0]["__CURSOR"].startswith("s=")
    assert {name for name in found[0] if name.startswith("__")} == {
        "__CURSOR", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP",
    }  # fmt: skip
    assert b"".join(stream_of(f"journald://{folder}")) == b"".join(stream)


def test_a_clock_that_is_set_back_over_midnight_loses_nothing(folder: Path) -> None:
    write_journal(
        folder / "a.journal",
        at(23.99, b"one"),
        at(24.01, b"the clock was fast"),
    )
    write_journal(folder / "a.journal", at(23.995, b"and was set back"), at(24.02, b"the day after"))
    assert messages(f"journald://{folder}") == ["one", "and was set back"]


BINARY = (
    b"\x1b[31mred\x1b[0m",
    "grüße ☃".encode(),
    b"two\nlines",
    b"\xff\xfe no UTF-8",
    b"nul\x00",
    b"x" * 5000,
)


def test_values_of_any_bytes_can_be_had_back(folder: Path) -> None:
    write_journal(folder / "a.journal", *(at(number, value) for number, value in enumerate(BINARY)))
    stream = stream_of(f"journald://{folder}")
    found = [entry["MESSAGE"] for entry in entries(stream)]
    assert tuple(text.encode("utf-8", "surrogateescape") for text in found) == BINARY
    assert b"".join(stream).decode().count("\n") == len(BINARY)


def test_every_boot_of_the_day_is_an_input_and_grows_at_its_end(folder: Path) -> None:
    write_journal(folder / "a.journal", at(1, b"a1"), at(3, b"a2"))
    write_journal(folder / "b.journal", at(2, b"b1"), boot=BOOTS[1])
    write_journal(folder / "c.journal", at(-30, b"of another day"), boot="c" * 32)
    assert [file.uri[-32:] for file in listed(f"journald://{folder}")] == list(BOOTS)
    sealed = []
    for file in listed(f"journald://{folder}"):
        sealed.append(InputStream(file.uri, open_file=file.open))
        entries(sealed[-1])
    # What a machine sends late was written before what others sent meanwhile.
    write_journal(folder / "b.journal", at(2.5, b"b2, late"), boot=BOOTS[1])
    for file, before, new in zip(listed(f"journald://{folder}"), sealed, ([], ["b2, late"]), strict=True):
        part = SealedRange(start=0, end=before.end, sha256=before.raw_sha256)
        later = InputStream(file.uri, open_file=file.open, sealed=[part], start=before.end)
        assert [entry["MESSAGE"] for entry in entries(later)] == new


def test_fields_choose_and_are_named(folder: Path) -> None:
    write_journal(
        folder / "a.journal",
        at(1, b"web", _SYSTEMD_UNIT=b"web.service"),
        at(2, b"db", _SYSTEMD_UNIT=b"db.service"),
        at(3, b"other", _SYSTEMD_UNIT=b"other.service"),
    )
    url = f"journald://{folder}?_SYSTEMD_UNIT=web.service&_SYSTEMD_UNIT=db.service"
    assert messages(url) == ["web", "db"]
    assert stream_of(url).file_uri == f"{url}&date=2026-03-14&boot={BOOTS[0]}"


def test_a_changed_entry_is_no_longer_the_sealed_one(folder: Path) -> None:
    write_journal(folder / "a.journal", at(1, b"one"), at(2, b"two"))
    first = stream_of(f"journald://{folder}")
    entries(first)
    path = folder / "a.journal"
    data = path.read_bytes()
    assert data.count(b"MESSAGE=one") == 1
    path.write_bytes(data.replace(b"MESSAGE=one", b"MESSAGE=ONE"))
    with pytest.raises(IntegrityError) as raised:
        messages(f"journald://{folder}", first)
    assert raised.value.where == first.file_uri


def test_a_journal_that_cannot_be_read_whole_is_an_error(folder: Path) -> None:
    write_journal(folder / "a.journal", at(1, b"one"))
    write_journal(folder / "b.journal", at(2, b"two"))
    (folder / "b.journal").write_bytes((folder / "b.journal").read_bytes()[:1000])
    with pytest.raises(CollectionError, match="could not read all journals") as raised:
        messages(f"journald://{folder}")
    assert "b.journal" in raised.value.found


def test_no_journals_and_no_folder_are_errors_and_no_quiet_days(folder: Path) -> None:
    with pytest.raises(CollectionError, match="could not read all journals"):
        listed(f"journald://{folder}")
    folder.mkdir()
    with pytest.raises(CollectionError, match="could not read all journals"):
        listed(f"journald://{folder}")


def test_a_missing_journalctl_is_a_collection_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CollectionError, match="journalctl cannot be run"):
        listed("journald://")


@pytest.mark.parametrize(
    "url",
    [
        "journald://relative/path",
        "journald:///x?unit=a",
        "journald:///x?--file=a",
        "journald:///x?+=a",
        "journald:///x?_BOOT_ID=a",
        "journald:///x?A",
        "journald:///x?A=%00",
    ],
)
def test_a_url_that_is_not_understood_is_refused_before_anything_runs(url: str) -> None:
    with pytest.raises(ConfigurationError):
        listed(url)


def test_a_day_is_sealed_and_late(
    folder: Path,
    make_archive: Callable[..., Archive],  # noqa: F811
) -> None:
    write_journal(folder / "a.journal", at(1, b"\x1b[1mpassword=hunter2-secret\x1b[0m user=alice"))
    archive = make_archive(sources=[{"name": "journal", "kind": "system", "url": f"journald://{folder}"}])
    archive.processor().process_daily_logs(DAY.isoformat())
    assert [(day.verdict, day.records) for day in verified(archive).days] == [("sealed", 1)]
    assert b"hunter2" not in content(archive)
    write_journal(folder / "a.journal", at(2, b"late"))
    assert [day.verdict for day in verified(archive).days] == ["late"]
    archive.processor().process_daily_logs(DAY.isoformat())
    assert [(day.verdict, day.revisions) for day in verified(archive).days] == [("sealed", 2)]
    (folder / "a.journal").unlink()
    write_journal(folder / "a.journal", at(1, b"another story"))
    assert [day.verdict for day in verified(archive).days] == ["tampered"]
