"""Figures of small archives, sound ones and others."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest
from tests.verification.conftest import DAYS
from tests.verification.memory_archive import LOCK, NOW, MemoryArchive
from tests.verification.memory_store import MODIFIED, MemoryStore

from audit_trail.archive.object_store import ObjectVersion, Retention
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import FailedCheck, Verification
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import Scheme
from audit_trail.reporting.compliance import (
    archive_figures,
    key_figures,
    object_figures,
    verification_figures,
)
from audit_trail.reporting.compliance import observed_store as observed
from audit_trail.reporting.compliance.figures import Figure, Standing, percent
from audit_trail.reporting.compliance.measurement import Measurement, Period, measure
from audit_trail.verification.sampling import draw_sample

SEGMENTS = "logs/"


def measured(archive: MemoryArchive, period: Period | None = None, **changes: Any) -> Measurement:
    made: dict[str, Any] = {"genesis": archive.genesis, "remembered": None, "now": NOW, "due_hours": 24 * 365}
    return measure(archive.store, period or Period(), **(made | changes))


def segments(archive: MemoryArchive) -> list[str]:
    return archive.store.keys(SEGMENTS)


def verify(archive: MemoryArchive, at: datetime, *, size: int = 2, **changes: Any) -> Verification:
    """Append a verification with a sample that is really drawn."""
    view = archive.view
    sample, _ = draw_sample(view.seals, seed=view.head, size=size)
    entry = archive.prepare_verification(DAYS[0]).model_copy(
        update={"at": format_timestamp(at), "sample": sample, **changes}
    )
    archive.put(entry.sequence, archive.envelope(entry))
    return entry


def standing(figure: Figure) -> Standing:
    return figure.standing


# Days and records


def test_a_sound_archive_is_in_order(archive: MemoryArchive) -> None:
    found = measured(archive)
    days, records = archive_figures.days_covered(found), archive_figures.signed_records(found)
    assert (days.value, standing(days)) == ("3 of 3", Standing.GOOD)
    assert (records.value, standing(records)) == ("100 %", Standing.GOOD)
    assert records.data["signed"] == records.data["collected"] == 5 + 40 + 2
    assert records.data["by_source"] == {"app": 47}
    assert found.ledger_source == f"ledger entries 0 to 3, head {archive.head.sha256}"
    assert found.ledger_source in days.sources


def test_every_object_is_asked_for_once(archive: MemoryArchive) -> None:
    found = measured(archive)
    # Four entries and three manifests are fetched, four segments described; two listings.
    assert dict(found.seen.requests) == {"GetObject": 7, "HeadObject": 4, "ListObjectVersions": 2}
    assert found.seen.envelopes == 7
    assert found.seen.classes.total() == 11


def test_records_of_a_lost_segment_are_not_signed_any_more(archive: MemoryArchive) -> None:
    archive.store.remove(segments(archive)[0])  # of the first day, three records or two
    found = measured(archive)
    figure = archive_figures.signed_records(found)
    lost = figure.data["unsigned"]
    assert lost in (2, 3)
    assert figure.data["signed"] == 47 - lost
    assert standing(figure) is Standing.FINDING
    assert figure.value == percent(47 - lost, 47) != "100 %"
    assert standing(archive_figures.days_covered(found)) is Standing.FINDING


def test_records_behind_a_manifest_that_was_changed_are_not_signed(archive: MemoryArchive) -> None:
    (key,) = archive.store.keys(f"manifests/date={DAYS[1]}")
    archive.store.change_bytes(key, b"{}")
    figure = archive_figures.signed_records(measured(archive))
    assert (figure.data["unsigned"], figure.data["not_looked_at"]) == (40, 0)
    assert standing(figure) is Standing.FINDING


@pytest.mark.parametrize("folder", ["logs/", "manifests/"])
def test_what_could_not_be_looked_at_is_open_and_never_good(archive: MemoryArchive, folder: str) -> None:
    (key,) = [key for key in archive.store.keys(folder) if DAYS[1] in key]
    archive.store.unreadable.add(key)
    found = measured(archive)
    figure = archive_figures.signed_records(found)
    assert (figure.data["unsigned"], figure.data["not_looked_at"]) == (0, 40)
    assert standing(figure) is Standing.OPEN
    assert standing(archive_figures.days_covered(found)) is Standing.OPEN
    assert standing(object_figures.storage(found)) is Standing.OPEN
    expected = Standing.OPEN if folder == "manifests/" else Standing.STATED
    assert standing(archive_figures.redactions(found)) is expected


def test_a_missing_day_is_a_finding_and_its_records_are_nobodys_guess(archive: MemoryArchive) -> None:
    archive.seal("2026-01-09", b"x\n")
    found = measured(archive)
    days, records = archive_figures.days_covered(found), archive_figures.signed_records(found)
    assert days.findings == ("2026-01-08 is missing",)
    assert (days.value, standing(days)) == ("4 of 5", Standing.FINDING)
    assert records.value == "100 %"
    assert standing(records) is Standing.FINDING
    assert records.data["missing_days"] == 1


def test_nothing_sealed_is_not_measured(fresh: MemoryArchive) -> None:
    found = measured(fresh)
    for figure in (
        archive_figures.days_covered(found),
        archive_figures.signed_records(found),
        archive_figures.redactions(found),
        archive_figures.seal_lag(found),
        verification_figures.frequency(found, every_days=3),
        verification_figures.success(found),
        verification_figures.content_verified(found, days=90),
    ):
        assert standing(figure) is Standing.OPEN, figure.name
        assert figure.value == ""


def test_a_quiet_day_counts_as_a_day_without_records(fresh: MemoryArchive) -> None:
    fresh.seal(DAYS[0])
    found = measured(fresh)
    figure = archive_figures.signed_records(found)
    assert (figure.value, standing(figure)) == ("no records", Standing.GOOD)
    assert archive_figures.days_covered(found).value == "1 of 1"


def test_a_period_has_its_own_days_and_the_whole_ledger(archive: MemoryArchive) -> None:
    found = measured(archive, Period(first=date(2026, 1, 6), last=date(2026, 1, 6)))
    assert archive_figures.days_covered(found).value == "1 of 1"
    assert archive_figures.signed_records(found).data["collected"] == 40
    assert found.seen.requests["HeadObject"] == 1
    assert found.seen.requests["GetObject"] == 4 + 1


def test_a_period_that_reaches_beyond_the_ledger_is_told(archive: MemoryArchive) -> None:
    found = measured(archive, Period(first=date(2025, 12, 1), last=date(2026, 1, 9)))
    figure = archive_figures.days_covered(found)
    assert figure.value == "3 of 3"
    assert "Of days before 2026-01-05 the ledger says nothing." in figure.explanation
    assert "Days after 2026-01-07 are not due yet." in figure.explanation


@pytest.mark.parametrize(
    ("first", "last"), [("2026-01-07", "2026-01-06"), ("2026-01-10", None), (None, "2026-01-10")]
)
def test_a_period_that_cannot_be_is_refused(
    archive: MemoryArchive, first: str | None, last: str | None
) -> None:
    period = Period(
        first=date.fromisoformat(first) if first else None, last=date.fromisoformat(last) if last else None
    )
    with pytest.raises(ConfigurationError):
        measured(archive, period)


def test_a_ledger_that_cannot_be_believed_ends_it(archive: MemoryArchive) -> None:
    archive.store.change_bytes(ledger_key(2), b"{}")
    with pytest.raises(IntegrityError, match="nothing can be measured"):
        measured(archive)
    archive.store.unreadable.add("ledger/")
    with pytest.raises(StorageError, match="nothing can be measured"):
        measured(archive)


def test_a_ledger_that_was_cut_is_told_by_the_remembered_head(archive: MemoryArchive) -> None:
    remembered = archive.head
    archive.store.remove(ledger_key(3))
    found = measured(archive, remembered=remembered)
    assert found.checks.exit_code == 1


def test_lag_counts_from_the_founding_for_days_before_it(archive: MemoryArchive) -> None:
    figure = archive_figures.seal_lag(measured(archive, due_hours=24))
    assert (figure.value, standing(figure)) == ("0.0 h longest, 0.0 h median", Standing.GOOD)
    archive.now = NOW + timedelta(days=3)
    archive.seal("2026-01-10", b"x\n")  # ended on the 11th at midnight, sealed on the 13th at three
    figure = archive_figures.seal_lag(measured(archive, due_hours=24, now=archive.now))
    assert figure.data["longest_hours"] == 51
    assert figure.findings == ("2026-01-10 was sealed after 51.0 hours, by entry 4",)


# Objects


def storage(archive: MemoryArchive) -> Figure:
    return object_figures.storage(measured(archive))


def test_storage_is_as_promised(archive: MemoryArchive) -> None:
    figure = storage(archive)
    assert (figure.value, standing(figure)) == ("all 11 objects", Standing.GOOD)
    assert figure.data["lock_mode"] == "COMPLIANCE"


@pytest.mark.parametrize(
    "retention",
    [None, Retention(mode="GOVERNANCE", until=LOCK.until), Retention(mode="COMPLIANCE", until=NOW)],
    ids=["none", "weaker", "shorter"],
)
@pytest.mark.parametrize("folder", ["logs/", "manifests/", "ledger/"])
def test_every_object_must_hold_its_lock(
    archive: MemoryArchive, folder: str, retention: Retention | None
) -> None:
    key = archive.store.keys(folder)[1]
    archive.store.redescribe(key, retention=retention)
    figure = storage(archive)
    assert standing(figure) is Standing.FINDING
    assert key in figure.findings[0]
    assert figure.data["not_as_promised"] == 1


def test_a_stranger_a_marker_and_a_changed_checksum_are_findings(archive: MemoryArchive) -> None:
    keys = segments(archive)
    archive.store.put_version("logs/source=app/date=2026-01-05/planted", b"x")
    archive.store.put_delete_marker(keys[0])
    archive.store.redescribe(keys[1], sha256="0" * 64)
    figure = storage(archive)
    assert {finding.split()[0] for finding in figure.findings} == {
        "listing.unsealed",
        "listing.delete-marker",
        "object.checksum",
    }


def test_a_new_object_that_no_entry_names_leaves_storage_unclear_and_never_all_right(
    archive: MemoryArchive,
) -> None:
    archive.store.put_version("logs/source=app/date=2026-01-05/part-00009-0123456789abcdef.log.zst", b"x")
    figure = object_figures.storage(measured(archive, now=MODIFIED + timedelta(hours=1)))
    assert (figure.value, standing(figure)) == ("1 place unclear; 11 objects described", Standing.OPEN)
    assert "1 object named by no entry, but so new that a seal may still follow" in figure.explanation
    assert "could not be checked" not in figure.explanation
    assert (figure.data["not_as_promised"], figure.data["not_checked"]) == (0, 1)


def test_objects_that_could_not_be_looked_at_are_not_among_those_that_were_described(
    archive: MemoryArchive,
) -> None:
    archive.store.unreadable |= set(segments(archive)[:2])
    figure = storage(archive)
    assert (figure.value, standing(figure)) == ("2 places unclear; 9 objects described", Standing.OPEN)
    assert "2 places could not be checked" in figure.explanation
    assert "so new" not in figure.explanation


def test_storage_says_what_is_wrong_and_what_is_unclear_at_once(archive: MemoryArchive) -> None:
    lost, unreadable, weak, *_ = segments(archive)
    archive.store.remove(lost)
    archive.store.unreadable.add(unreadable)
    archive.store.redescribe(weak, retention=None)
    archive.store.put_version("logs/source=app/date=2026-01-05/part-00009-0123456789abcdef.log.zst", b"x")
    figure = object_figures.storage(measured(archive, now=MODIFIED + timedelta(hours=1)))
    assert figure.value == "2 places not as promised, 2 places unclear; 9 objects described"
    assert standing(figure) is Standing.FINDING
    assert "1 place could not be checked; 1 object named by no entry" in figure.explanation


def test_storage_classes(archive: MemoryArchive) -> None:
    def figure(*allowed: str) -> Figure:
        return object_figures.storage_class(measured(archive), allowed=allowed)

    assert (figure("STANDARD").value, standing(figure("STANDARD"))) == ("100 % of 11 objects", Standing.GOOD)
    archive.store.redescribe(segments(archive)[0], storage_class="DEEP_ARCHIVE")
    assert standing(figure("STANDARD")) is Standing.FINDING
    assert standing(figure("STANDARD", "DEEP_ARCHIVE")) is Standing.GOOD
    archive.store.redescribe(archive.store.keys("manifests/")[0], storage_class="DEEP_ARCHIVE")
    assert "manifests/ are in DEEP_ARCHIVE" in figure("STANDARD", "DEEP_ARCHIVE").findings[0]


def test_encryption(archive: MemoryArchive) -> None:
    def figure(*allowed: str) -> Figure:
        return object_figures.encryption(measured(archive), allowed=allowed)

    silent = figure()
    assert (silent.value, standing(silent)) == ("", Standing.OPEN)
    for folder in ("logs/", "manifests/", "ledger/"):
        for key in archive.store.keys(folder):
            archive.store.redescribe(key, encryption="AES256")
    assert (figure().value, standing(figure())) == ("100 % of 11 objects", Standing.GOOD)
    assert "11 objects are encrypted by AES256" in figure("aws:kms").findings[0]
    archive.store.redescribe(segments(archive)[0], encryption=None)
    assert figure().value == "90.90 % of 11 objects"
    assert segments(archive)[0] in figure().findings[0]


def test_examples_are_bounded_and_counts_are_not() -> None:
    class Many(MemoryStore):
        def list_versions(self, prefix: str) -> Any:
            return iter(list[ObjectVersion]())

    store = Many()
    for number in range(50):
        store.put_version(f"logs/{number:03d}", b"x")
    seen = observed.ObservedStore(store)
    for key in store.keys("logs/"):
        seen.head(key)
    assert seen.seen.classes["logs", "STANDARD"] == 50
    assert len(seen.seen.examples["logs", "STANDARD"]) == observed.SHOWN_KEYS


# Keys


def test_algorithms_are_counted_from_the_envelopes(archive: MemoryArchive) -> None:
    figure = key_figures.algorithms(measured(archive))
    assert (figure.value, standing(figure)) == ("ml-dsa-65/1 and rsassa-pss-sha256", Standing.GOOD)
    assert figure.data["signatures"] == {"ml-dsa-65/1": 7, "rsassa-pss-sha256": 7}


def test_an_algorithm_off_the_list_is_a_finding(
    archive: MemoryArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(key_figures.ALLOWED, "rsassa-pss-sha256")
    monkeypatch.setattr(key_figures, "MIN_RSA_BITS", 4096)
    figure = key_figures.algorithms(measured(archive))
    assert standing(figure) is Standing.FINDING
    assert "7 signatures by rsassa-pss-sha256" in figure.findings[0]
    assert "2048 bits, fewer than 4096" in figure.findings[1]


def test_keys_are_named_with_the_entries_they_sign(archive: MemoryArchive) -> None:
    figure = key_figures.keys(measured(archive))
    assert (figure.value, standing(figure)) == ("2 sign now", Standing.GOOD)
    assert [item["bits"] for item in figure.data["keys"]] == [
        2048 if item["scheme"].startswith("rsa") else None for item in figure.data["keys"]
    ]


# Verifications


def test_pauses_between_verifications(archive: MemoryArchive) -> None:
    for days in (0, 1, 5):
        verify(archive, NOW + timedelta(days=days))
    later = NOW + timedelta(days=6)

    def figure(every: int, **changes: Any) -> Figure:
        return verification_figures.frequency(measured(archive, now=later, **changes), every_days=every)

    assert figure(4).value == "4.0 days at most, 1.0 since the last"
    assert standing(figure(4)) is Standing.GOOD
    assert standing(figure(3)) is Standing.FINDING
    assert "from 2026-01-11T03:00:00Z on" in figure(3).findings[0]
    assert figure(3).data["verifications"] == 3
    late = verification_figures.frequency(measured(archive, now=later + timedelta(days=9)), every_days=4)
    assert late.value == "10.0 days at most, 10.0 since the last"
    over = verification_figures.frequency(
        measured(archive, Period(last=date(2026, 1, 7)), now=later + timedelta(days=9)), every_days=4
    )
    assert standing(over) is Standing.GOOD  # a period that is over has no pause that goes on


def test_verifications_that_did_not_pass_are_named(archive: MemoryArchive) -> None:
    verify(archive, NOW)
    failed = verify(
        archive, NOW, failed=1, failures=(FailedCheck(check="object.lock", where="logs/x version 1"),)
    )
    verify(archive, NOW, unverifiable=3)
    figure = verification_figures.success(measured(archive))
    assert (figure.value, standing(figure)) == ("33.33 % of 3", Standing.FINDING)
    assert f"entry {failed.sequence}" in figure.findings[0]
    assert "object.lock at logs/x version 1" in figure.findings[0]
    assert figure.data["not_passed"] == [failed.sequence, failed.sequence + 1]


def test_samples_are_drawn_again(archive: MemoryArchive) -> None:
    verify(archive, NOW, size=1)
    figure = verification_figures.content_verified(measured(archive), days=90)
    assert (figure.data["read"], figure.data["segments"]) == (1, 4)
    assert standing(figure) is Standing.STATED
    verify(archive, NOW, size=4)
    archive.seal("2026-01-08", b"later\n")  # not in any sample's population
    figure = verification_figures.content_verified(measured(archive), days=90)
    assert (figure.data["read"], figure.data["segments"]) == (4, 5)
    assert figure.value == "80.00 % of 5 segments"


def test_old_and_failed_verifications_read_nothing_that_counts(archive: MemoryArchive) -> None:
    verify(archive, NOW, size=4, failed=1)
    verify(archive, NOW - timedelta(days=91), size=4)
    figure = verification_figures.content_verified(measured(archive), days=90)
    assert figure.data["read"] == 0
    figure = verification_figures.content_verified(measured(archive), days=92)
    assert figure.data["read"] == 4


def test_what_was_only_held_against_a_checksum_was_not_read(archive: MemoryArchive) -> None:
    sample, _ = draw_sample(archive.view.seals, seed=archive.head, size=4)
    verify(archive, NOW, sample=sample.model_copy(update={"by_checksum": 1}))
    figure = verification_figures.content_verified(measured(archive), days=90)
    assert (figure.data["read"], standing(figure)) == (0, Standing.STATED)


@pytest.mark.parametrize("change", [{"seed": "0" * 64}, {"population": 3}, {"size": 9}, {"seed_sequence": 1}])
def test_a_sample_that_its_seed_does_not_give_is_a_finding(
    archive: MemoryArchive, change: dict[str, Any]
) -> None:
    sample, _ = draw_sample(archive.view.seals, seed=archive.head, size=2)
    verify(archive, NOW, sample=sample.model_copy(update=change))
    figure = verification_figures.content_verified(measured(archive), days=90)
    assert standing(figure) is Standing.FINDING
    assert figure.data["read"] == 0


def test_too_many_samples_to_draw_again_are_not_measured(
    archive: MemoryArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(archive, NOW)
    monkeypatch.setattr(verification_figures, "MAX_RANKED", 3)
    assert standing(verification_figures.content_verified(measured(archive), days=90)) is Standing.OPEN


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 3, "0.00 %"), (1, 3, "33.33 %"), (3, 3, "100 %"), (999_999, 1_000_000, "99.99 %")],
)
def test_a_share_is_the_whole_only_when_it_is(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected


def test_every_scheme_that_an_archive_can_be_founded_with_is_judged() -> None:
    assert set(key_figures.ALLOWED) == set(get_args(Scheme))
