"""What is in a pack, and when there is none."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from tests.pipeline.conftest import NOW, Archive
from tests.reporting.conftest import FIRST, GAP, LAST, RUN, exported

from audit_trail.archive.object_store import ObjectReader, ObjectVersion, StoredObject
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence import canonical
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.reporting.export import ExportOrder


class ChangedStore:
    """The archive, with some objects' bytes changed, or gone (None), or broken off (StorageError)."""

    def __init__(self, store: ObjectReader, change: Callable[[str, bytes], bytes | None]) -> None:
        self._store = store
        self._change = change

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        return self._store.head(key, version_id)

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        described, data = self._store.fetch(key, version_id, max_bytes=max_bytes)
        return described, self._changed(key, data)

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        return self.fetch(key, version_id, max_bytes=max_bytes)[1]

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        yield self._changed(key, b"".join(self._store.stream(key, version_id)))

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        return self._store.list_versions(prefix)

    def _changed(self, key: str, data: bytes) -> bytes:
        changed = self._change(key, data)
        if changed is None:
            raise StorageError("gone", where=key)
        return changed


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as opened:
        return set(opened.namelist())


def report(path: Path) -> str:
    with zipfile.ZipFile(path) as opened:
        return opened.read("report.html").decode()


def segment_of(archive: Archive, day: str) -> str:
    return archive.context().ledger().seals_of(day)[0].objects[0].key


class TestContents:
    def test_the_ledger_whole_and_the_days_asked_for(self, eventful: Archive, tmp_path: Path) -> None:
        exported(eventful, tmp_path / "p.zip", first=LAST, last=LAST)
        view = eventful.context().ledger()
        (seal,) = view.seals_of(LAST)
        found = names(tmp_path / "p.zip")
        assert {name for name in found if name.startswith("archive/")} == {
            *(f"archive/{ledger_key(number)}" for number in range(len(view.heads))),
            f"archive/{seal.manifest.key}",
            *(f"archive/{item.key}" for item in seal.objects),
        }
        assert sum(name.startswith("keys/") for name in found) == 5
        assert found >= {"report.html", "VERIFY.md", "verify.sh", "pack.json", "SHA256SUMS"}

    def test_digests_only_leaves_the_records_out(self, eventful: Archive, tmp_path: Path) -> None:
        assert exported(eventful, tmp_path / "p.zip", digests_only=True).checks.exit_code == 0
        assert not [name for name in names(tmp_path / "p.zip") if name.startswith("archive/logs/")]
        assert "digests only, without records" in report(tmp_path / "p.zip")

    def test_the_report_says_which_run_sealed_and_verified(self, pack: Path) -> None:
        text = report(pack)
        revisions, verifications = (
            text.split("<h2>Every revision</h2>")[1],
            text.split("<h2>Verifications")[1],
        )
        assert revisions.count("not by a task of Airflow") == 4
        assert "run <code>manual__%3Cb%3Eagain%3C%2Fb%3E</code>, task seal, try 2" in revisions
        assert f"<code>{RUN.dag_version_id}</code>" in revisions
        assert f"git at <code>{RUN.bundle_version}</code>" in revisions
        by = verifications.partition("</table>")[0]
        assert by.count("not Airflow") == 4
        assert by.count(f"audit_trail_daily, <code>{RUN.run_id}</code>, try 2") == 1

    def test_the_index_lists_every_file_but_itself_and_the_sums(self, eventful: Archive, pack: Path) -> None:
        with zipfile.ZipFile(pack) as opened:
            files = {name: opened.read(name) for name in opened.namelist()}
        index = canonical.decode(files["pack.json"], where="pack.json")
        listed = {item["name"]: (item["sha256"], item["bytes"]) for item in index["files"]}
        assert listed == {
            name: (sha256(data).hexdigest(), len(data))
            for name, data in files.items()
            if name not in ("pack.json", "SHA256SUMS")
        }
        head = eventful.context().ledger().head
        assert index["head"] == {"sequence": head.sequence, "sha256": head.sha256}
        assert index["genesis"] == eventful.genesis
        assert len(index["sealed_versions"]) == 10
        sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
        assert sums == {n: sha256(d).hexdigest() for n, d in files.items() if n != "SHA256SUMS"}

    def test_the_same_archive_gives_the_same_bytes(
        self, eventful: Archive, pack: Path, tmp_path: Path
    ) -> None:
        exported(eventful, tmp_path / "again.zip")
        assert (tmp_path / "again.zip").read_bytes() == pack.read_bytes()


class TestFindings:
    def test_no_pack_of_a_changed_segment(self, eventful: Archive, tmp_path: Path) -> None:
        key = segment_of(eventful, LAST)
        store = ChangedStore(
            eventful.context().store, lambda found, data: data + b"!" if found == key else data
        )
        result = exported(eventful, tmp_path / "p.zip", store=store)
        assert (result.sha256, result.checks.exit_code) == (None, 1)
        assert not list(tmp_path.iterdir())

    def test_a_changed_segment_that_was_allowed(self, eventful: Archive, tmp_path: Path) -> None:
        key = segment_of(eventful, LAST)
        store = ChangedStore(
            eventful.context().store, lambda found, data: data + b"!" if found == key else data
        )
        result = exported(eventful, tmp_path / "p.zip", store=store, allow_findings=True)
        assert result.checks.exit_code == 1
        assert {day.day: day.verdict for day in result.days}[LAST] == "tampered"
        text = report(tmp_path / "p.zip")
        assert "of the checks made while exporting failed" in text
        assert text.index("<caption>Findings") < text.index("content.") < text.index("<h2>")
        with zipfile.ZipFile(tmp_path / "p.zip") as opened:
            assert opened.read(f"archive/{key}").endswith(b"!"), "as it is stored, to its end"

    def test_a_segment_that_cannot_be_read(self, eventful: Archive, tmp_path: Path) -> None:
        key = segment_of(eventful, LAST)
        store = ChangedStore(eventful.context().store, lambda found, data: None if found == key else data)
        assert exported(eventful, tmp_path / "no.zip", store=store).sha256 is None
        result = exported(eventful, tmp_path / "p.zip", store=store, allow_findings=True)
        assert result.checks.exit_code == 2
        assert f"archive/{key}" not in names(tmp_path / "p.zip")

    def test_a_changed_manifest_that_was_allowed(self, eventful: Archive, tmp_path: Path) -> None:
        key = eventful.context().ledger().seals_of(FIRST)[0].manifest.key
        store = ChangedStore(
            eventful.context().store, lambda found, data: data[:-1] if found == key else data
        )
        result = exported(eventful, tmp_path / "p.zip", store=store, allow_findings=True)
        assert {check.name for check in result.checks.not_passed} == {"manifest.signed"}
        assert "the manifest cannot be used" in report(tmp_path / "p.zip")

    def test_a_ledger_that_breaks_off_is_believed_up_to_there(
        self, eventful: Archive, tmp_path: Path
    ) -> None:
        store = ChangedStore(
            eventful.context().store, lambda found, data: data[:-1] if found == ledger_key(9) else data
        )
        assert exported(eventful, tmp_path / "no.zip", store=store).sha256 is None
        result = exported(eventful, tmp_path / "p.zip", store=store, allow_findings=True)
        assert result.view.head.sequence == 8
        assert f"archive/{ledger_key(13)}" in names(tmp_path / "p.zip"), "as evidence"
        assert {day.day: day.verdict for day in result.days}[LAST] == "missing"

    def test_another_genesis_is_never_exported(self, eventful: Archive, tmp_path: Path) -> None:
        store = ChangedStore(
            eventful.context().store, lambda found, data: data[:-1] if found == ledger_key(0) else data
        )
        with pytest.raises(IntegrityError, match="another archive"):
            exported(eventful, tmp_path / "p.zip", store=store, allow_findings=True)
        assert not list(tmp_path.iterdir())

    def test_a_missing_day(self, eventful: Archive, tmp_path: Path) -> None:
        result = exported(eventful, tmp_path / "p.zip", first="2026-03-09")
        assert (result.sha256, result.days[0].verdict) == (None, "missing")


@pytest.mark.parametrize(("first", "last"), [(LAST, FIRST), (FIRST, "2026-03-15"), (FIRST, "2999-01-01")])
def test_a_range_that_cannot_be(tmp_path: Path, first: str, last: str) -> None:
    order = ExportOrder(
        first=date.fromisoformat(first), last=date.fromisoformat(last), output=tmp_path / "p.zip"
    )
    with pytest.raises(ConfigurationError):
        order.check(NOW)


class TestReport:
    def test_what_others_wrote_is_escaped(self, pack: Path) -> None:
        text = report(pack)
        assert "&lt;b&gt;&#34;was full&#34;&lt;/b&gt; &amp; nobody looked" in text
        assert "<b>&#34;was" not in text

    def test_it_needs_neither_network_nor_script(self, pack: Path) -> None:
        text = report(pack)
        assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|\son[a-z]+=", text)
        assert not re.search(r"""(?:href|src)\s*=""", text)
        assert "default-src 'none'" in text

    def test_the_identity_is_in_groups(self, eventful: Archive, pack: Path) -> None:
        groups = re.findall(r"<span>([0-9a-f]{4})</span>", report(pack))
        assert "".join(groups) == eventful.genesis

    def test_each_day_has_a_letter(self, pack: Path) -> None:
        squares = re.findall(r'title="([0-9-]{10}): ([a-z-]+)".*?</small>([A-Z])</li>', report(pack))
        assert [letter for _, _, letter in squares] == ["S", "E", "G", "S", "S"]
        assert squares[2][:2] == (GAP, "declared-gap")

    def test_keys_say_for_which_entries(self, pack: Path) -> None:
        found = re.findall(r'<td class="day">(\d+) \u2013 (\d+|now)</td>', report(pack))
        assert sorted(found) == [("0", "8"), ("0", "8"), ("12", "now"), ("9", "11"), ("9", "now")]
        assert "a laptop was lost" in report(pack)


def test_the_command_says_what_to_type(
    eventful: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from audit_trail.cli.command_line import main

    with pytest.MonkeyPatch.context() as patch:
        archive = eventful.settings.archive
        for name, value in {
            "HOME": str(eventful.home),
            "ARCHIVE__NAME": archive.name,
            "ARCHIVE__BUCKET": archive.bucket,
            "ARCHIVE__ENDPOINT_URL": str(archive.endpoint_url),
            "ARCHIVE__CREDENTIALS_FILE": str(archive.credentials_file),
            "ARCHIVE__RETAIN_DAYS": "3650",
        }.items():
            patch.setenv(f"AUDIT_TRAIL_{name}", value)
        arguments = ["export", "--from", FIRST, "--to", LAST, "--output", str(tmp_path / "p.zip"), "--json"]
        assert main(arguments) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["sha256"] == sha256((tmp_path / "p.zip").read_bytes()).hexdigest()
        assert main(arguments) == 3
        assert "overwrite" in capsys.readouterr().out
        assert main([*arguments[:5], "--output", str(tmp_path / "q.zip")]) == 0
        assert f"./verify.sh {eventful.genesis} " in capsys.readouterr().out
        assert main(["export", "--from", "never", "--to", LAST, "--output", "x.zip"]) == 3
