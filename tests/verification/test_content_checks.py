"""Every digest of a manifest and of a segment, each changed alone."""

from __future__ import annotations

import pytest
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.manifest import Manifest, Segment
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.verification.content_checks import check_manifest, check_segment, read_manifest


def manifest_of(archive: MemoryArchive, seal: Seal) -> Manifest:
    return read_manifest(archive.store, archive.view, seal)


class TestSegment:
    def checked(self, archive: MemoryArchive, **changes: object) -> dict[str, Outcome]:
        """Check the first segment against a manifest that says something else of it."""
        seal = archive.view.seals[0]
        segment: Segment = manifest_of(archive, seal).segments[0].model_copy(update=changes)
        checks = CheckList(keep_passed=True)
        check_segment(archive.store, seal.objects[0], segment, checks, day=seal.date)
        where = f"{segment.key} version {seal.objects[0].version_id}"
        assert {(check.where, check.day) for check in checks.kept} == {(where, seal.date)}
        return {check.name: check.outcome for check in checks.kept}

    def test_as_sealed(self, archive: MemoryArchive) -> None:
        assert self.checked(archive) == {
            "content.stored": Outcome.PASS,
            "content.records": Outcome.PASS,
            "content.merkle-root": Outcome.PASS,
        }

    @pytest.mark.parametrize(
        ("changes", "failed"),
        [
            ({"stored_sha256": "0" * 64}, "content.stored"),
            ({"stored_bytes": 1}, "content.stored"),
            ({"content_sha256": "0" * 64}, "content.records"),
            ({"content_bytes": 1000}, "content.records"),
            ({"records": 4}, "content.records"),
            ({"merkle_root": "0" * 64}, "content.merkle-root"),
        ],
    )
    def test_each_digest_alone(self, archive: MemoryArchive, changes: dict[str, object], failed: str) -> None:
        found = self.checked(archive, **changes)
        assert [name for name, outcome in found.items() if outcome is not Outcome.PASS] == [failed]

    def test_more_than_the_manifest_allows_is_not_unpacked(self, archive: MemoryArchive) -> None:
        assert self.checked(archive, content_bytes=13) == {"content.readable": Outcome.FAIL}

    def test_not_zstd(self, archive: MemoryArchive) -> None:
        seal = archive.view.seals[0]
        archive.store.change_bytes(seal.objects[0].key, b"plain text, not a frame", silently=True)
        assert self.checked(archive) == {"content.readable": Outcome.FAIL}

    def test_rot_that_the_store_does_not_know_of(self, archive: MemoryArchive) -> None:
        """The store still states the old checksum: only reading the bytes finds it."""
        key = archive.view.seals[1].objects[0].key
        other = archive.view.seals[0].objects[0].key
        archive.store.change_bytes(key, archive.store.read(other, max_bytes=1 << 20), silently=True)
        assert archive.verify("objects").exit_code == 0
        report = archive.verify("content")
        assert report.exit_code == 1
        assert {check.name for check in report.checks.not_passed} == {
            "content.stored",
            "content.records",
            "content.merkle-root",
        }

    def test_unreadable_is_unverifiable(self, archive: MemoryArchive) -> None:
        seal = archive.view.seals[0]
        segment = manifest_of(archive, seal).segments[0]
        archive.store.unreadable.add(segment.key)
        checks = CheckList()
        check_segment(archive.store, seal.objects[0], segment, checks, day=seal.date)
        assert [(item.name, item.outcome, item.day) for item in checks.kept] == [
            ("content.readable", Outcome.UNVERIFIABLE, seal.date)
        ]


class TestManifest:
    def sealed(self, archive: MemoryArchive, keys: KeyRing | None = None, /, **changes: object) -> Seal:
        """A day whose seal names a manifest that says something else than the seal."""
        seal = archive.prepare_seal("2026-01-08", 1)
        manifest = manifest_of(archive, seal).model_copy(update=changes)
        stored = archive.put_manifest(manifest, keys)
        named = seal.manifest.model_copy(
            update={
                "key": stored.key,
                "version_id": stored.version_id,
                "bytes": stored.size,
                "sha256": stored.sha256,
            }
        )
        return archive.append(seal.model_copy(update={"manifest": named}))

    @pytest.mark.parametrize(
        ("field", "value"),
        [("archive", "other"), ("genesis", "0" * 64), ("date", "2026-01-09"), ("revision", 2)],
    )
    def test_that_belongs_elsewhere(self, archive: MemoryArchive, field: str, value: object) -> None:
        seal = self.sealed(archive, **{field: value})
        with pytest.raises(IntegrityError, match=f"the manifest's {field} is not"):
            manifest_of(archive, seal)

    def test_that_names_other_segments(self, archive: MemoryArchive) -> None:
        other = manifest_of(archive, archive.view.seals[0])
        seal = self.sealed(archive, inputs=other.inputs, segments=other.segments)
        with pytest.raises(IntegrityError, match="the manifest's segments"):
            manifest_of(archive, seal)

    @pytest.mark.parametrize("field", ["inputs", "segments", "records", "content_bytes", "stored_bytes"])
    def test_that_amounts_to_something_else_than_its_seal_says(
        self, archive: MemoryArchive, field: str
    ) -> None:
        """Else whoever holds the keys could let a report state any number of records."""
        honest = archive.seal("2026-01-08", b"x\ny\n")
        manifest_of(archive, honest)
        totals = honest.totals.model_copy(update={field: getattr(honest.totals, field) + 1})
        archive.replace(4, archive.envelope(honest.model_copy(update={"totals": totals})))
        with pytest.raises(IntegrityError, match="the manifest's totals is not"):
            manifest_of(archive, archive.view.seals[-1])
        report = archive.verify("objects", day="2026-01-08")
        assert [check.name for check in report.checks.not_passed] == ["manifest.signed"]

    def test_signed_by_foreign_keys(self, archive: MemoryArchive, foreign_keys: KeyRing) -> None:
        seal = self.sealed(archive, foreign_keys, redaction=_other_redaction(archive))
        with pytest.raises(IntegrityError, match="not signed by exactly the keys"):
            manifest_of(archive, seal)

    def test_of_other_bytes(self, archive: MemoryArchive) -> None:
        """Even the same statement, signed again by the true keys, is not the sealed document."""
        seal = archive.view.seals[0]
        data = archive.store.read(seal.manifest.key, max_bytes=1 << 20)
        signatures = parse_envelope(data, where="").signatures[:1]
        payload = parse_envelope(data, where="").payload
        archive.store.change_bytes(
            seal.manifest.key, Envelope(payload=payload, signatures=signatures).to_bytes()
        )
        with pytest.raises(IntegrityError, match="manifest is not the sealed one"):
            manifest_of(archive, seal)
        checks = CheckList()
        assert check_manifest(archive.store, archive.view, seal, checks) is None
        assert {check.name for check in checks.kept} == {"object.size", "object.checksum", "manifest.signed"}
        assert {check.day for check in checks.kept} == {seal.date}

    def test_unreadable(self, archive: MemoryArchive) -> None:
        seal = archive.view.seals[0]
        view = archive.view
        archive.store.unreadable.add(seal.manifest.key)
        with pytest.raises(StorageError):
            read_manifest(archive.store, view, seal)
        checks = CheckList()
        assert check_manifest(archive.store, view, seal, checks) is None
        assert [(item.name, item.outcome, item.day) for item in checks.kept] == [
            ("object.present", Outcome.UNVERIFIABLE, seal.date),
            ("manifest.signed", Outcome.UNVERIFIABLE, seal.date),
        ]

    def test_as_sealed(self, archive: MemoryArchive) -> None:
        checks = CheckList(keep_passed=True)
        manifest = check_manifest(archive.store, archive.view, archive.view.seals[0], checks)
        assert manifest is not None
        assert manifest.date == "2026-01-05"
        names = [f"object.{name}" for name in ("present", "size", "checksum", "lock")]
        assert [(item.name, item.outcome, item.day) for item in checks.kept] == [
            (name, Outcome.PASS, "2026-01-05") for name in (*names, "manifest.signed")
        ]


def _other_redaction(archive: MemoryArchive) -> object:
    redaction = manifest_of(archive, archive.view.seals[0]).redaction
    return redaction.model_copy(update={"policy_sha256": "1" * 64})
