"""An administrator of the store, with every right that S3 knows, against a locked archive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.attacks.clock import NOW

from audit_trail.demo.attacks.victim import SealedArchive, failed_checks
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import encode_entry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.settings import load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase
from audit_trail.signing.signatures import load_signers, sign_payload
from audit_trail.verification.verifier import Verifier

DAY = "2026-01-05"


def sealed_keys(archive: SealedArchive) -> tuple[str, str]:
    """The day's manifest and its only segment."""
    (seal,) = archive.view.seals
    return seal.manifest.key, seal.objects[0].key


@pytest.mark.parametrize("number", [0, 1], ids=["manifest", "segment"])
def test_a_new_version_on_top(victim: SealedArchive, number: int) -> None:
    key = sealed_keys(victim)[number]
    version = victim.put_over(key, b"another story")
    report = victim.verify()
    assert report.exit_code == 1
    (finding,) = report.checks.not_passed
    assert (finding.name, finding.where, finding.day) == ("listing.overlaid", f"{key} version {version}", DAY)
    assert [day.verdict for day in report.days] == ["tampered"]


@pytest.mark.parametrize("number", [0, 1], ids=["manifest", "segment"])
def test_a_delete_marker_over_an_object(victim: SealedArchive, number: int) -> None:
    key = sealed_keys(victim)[number]
    victim.delete(key)
    report = victim.verify()
    assert report.exit_code == 1
    assert failed_checks(report) == {"listing.delete-marker"}
    assert key in report.checks.not_passed[0].where


def test_delete_markers_over_the_whole_archive(victim: SealedArchive) -> None:
    """To S3 the archive looks empty; the versions are still there, and are still believed."""
    head = victim.view.head
    for version in list(victim.store.list_versions("")):
        victim.delete(version.key)
    assert victim.client.list_objects_v2(Bucket=victim.bucket, Prefix=victim.full_key(""))["KeyCount"] == 0
    report = victim.verify(remembered=head)
    assert report.exit_code == 1
    assert failed_checks(report) == {"ledger.overlaid", "listing.delete-marker"}
    assert report.view is not None
    assert report.view.head == head


def test_a_new_version_of_a_ledger_entry_is_noted_and_not_believed(victim: SealedArchive) -> None:
    head = victim.view.head
    victim.put_over(ledger_key(1), victim.read(ledger_key(0)))
    report = victim.verify("ledger")
    assert failed_checks(report) == {"ledger.overlaid"}
    assert report.exit_code == 1
    assert victim.view.head == head


def test_several_new_versions_do_not_hide_the_first(victim: SealedArchive) -> None:
    head = victim.view.head
    for number in range(4):
        victim.put_over(ledger_key(1), b"%d" % number)
        victim.delete(ledger_key(1))
    assert victim.view.head == head
    assert victim.verify("ledger").exit_code == 1


@pytest.mark.parametrize(
    ("key", "check"),
    [
        (f"logs/source=app/date={DAY}/part-99999-0123456789abcdef.log.zst", "listing.unsealed"),
        ("logs/source=new/date=2027-01-01/x", "listing.unsealed"),
        ("manifests/readme.txt", "listing.unsealed"),
        ("readme.txt", "listing.unsealed"),
        ("ledger/readme.txt", "ledger.overlaid"),
    ],
)
def test_an_object_that_nobody_sealed(
    make_archive: Callable[[], SealedArchive], key: str, check: str
) -> None:
    archive = make_archive()
    archive.put_over(key, b"planted")
    report = archive.verify("objects", due_hours=24)
    assert report.exit_code == 1
    (finding,) = (item for item in report.checks.not_passed if item.name != "day.sealed")
    assert finding.name == check
    assert key in finding.where


def test_sealed_versions_can_be_neither_deleted_nor_unlocked(victim: SealedArchive) -> None:
    """The store itself refuses, so the archive stays whole: COMPLIANCE knows no administrator."""
    refusal = victim.client.exceptions.ClientError
    for version in list(victim.store.list_versions("")):
        where = {
            "Bucket": victim.bucket,
            "Key": victim.full_key(version.key),
            "VersionId": version.version_id,
        }
        with pytest.raises(refusal):
            victim.client.delete_object(**where, BypassGovernanceRetention=True)
        for mode, until in (("COMPLIANCE", datetime(2027, 1, 1, tzinfo=UTC)), ("GOVERNANCE", NOW)):
            with pytest.raises(refusal):
                victim.client.put_object_retention(
                    **where,
                    Retention={"Mode": mode, "RetainUntilDate": until},
                    BypassGovernanceRetention=True,
                )
    assert victim.verify().exit_code == 0


def test_the_next_entry_signed_with_foreign_keys(
    victim: SealedArchive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A true-looking seal of a new day, by keys that the genesis does not know."""
    foreign = load_settings(home=tmp_path_factory.mktemp("foreign"))
    make_passphrase(foreign)
    generate_keys(foreign)
    view = victim.view
    entry = view.seals[0].model_copy(
        update={
            "sequence": view.head.sequence + 1,
            "previous": view.head.sha256,
            "revision": 2,
            "reason": "x",
        }
    )
    forged = sign_payload(encode_entry(entry), load_signers(foreign)).to_bytes()
    victim.put_over(ledger_key(entry.sequence), forged)
    report = victim.verify()
    assert report.exit_code == 1
    (finding,) = report.checks.not_passed
    assert (finding.name, finding.where) == ("ledger.chain", ledger_key(entry.sequence))
    assert "not signed by exactly the keys" in finding.found
    assert report.days == []


@pytest.mark.parametrize("what", ["replayed", "rubbish"])
def test_something_else_under_the_next_number(victim: SealedArchive, what: str) -> None:
    number = victim.view.head.sequence + 1
    victim.put_over(ledger_key(number), victim.read(ledger_key(1)) if what == "replayed" else b"\x28\xb5\x2f")
    report = victim.verify()
    assert report.exit_code == 1
    assert [(item.name, item.where) for item in report.checks.not_passed] == [
        ("ledger.chain", ledger_key(number))
    ]


def test_nothing_is_sealed_onto_a_ledger_that_cannot_be_believed(victim: SealedArchive) -> None:
    victim.put_over(ledger_key(victim.view.head.sequence + 1), b"{}")
    with pytest.raises(IntegrityError):
        victim.seal("2026-01-06")


def test_an_entry_without_its_lock_is_found(victim: SealedArchive) -> None:
    """Signed with stolen keys, but put by hand: the entry is believed, and is not locked as promised."""
    view = victim.view
    last = view.verifications[-1]
    entry = last.model_copy(update={"sequence": view.head.sequence + 1, "previous": view.head.sha256})
    data = sign_payload(encode_entry(entry), load_signers(victim.settings)).to_bytes()
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime(2033, 6, 1, tzinfo=UTC)}
    victim.put_over(ledger_key(entry.sequence), data, ChecksumAlgorithm="SHA256", **lock)
    report = victim.verify("objects")
    assert report.exit_code == 1
    (finding,) = report.checks.not_passed
    assert finding.name == "ledger.lock"
    assert finding.found.startswith("GOVERNANCE until 2033")


def test_the_source_changed_after_sealing(victim: SealedArchive) -> None:
    """The archive still verifies; sealing the day again says that its source was rewritten."""
    path = victim.logs / DAY / "app.log"
    path.write_bytes(path.read_bytes().replace(b"second", b"SECOND"))
    with pytest.raises(IntegrityError, match="sealed bytes of a file have changed"):
        victim.seal(DAY)
    assert victim.verify().exit_code == 0


def test_another_archive_in_its_place(
    victim: SealedArchive, make_archive: Callable[[], SealedArchive]
) -> None:
    """Even one with the same name and the same keys: its genesis is another."""
    other = make_archive()
    report = Verifier(victim.store, genesis=other.genesis, remembered=None).verify(
        "content", now=NOW, due_hours=0
    )
    assert report.exit_code == 1
    (finding,) = report.checks.not_passed
    assert finding.name == "ledger.chain"
    assert "genesis is not the pinned one" in finding.found
    assert parse_envelope(other.read(ledger_key(0)), where="").payload
