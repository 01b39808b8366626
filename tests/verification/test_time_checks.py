"""Since when anybody can know of an entry, and entries that claim another time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.signing.timestamp_authority import TimestampAuthority
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.archive.ledger import put_token
from audit_trail.archive.object_store import Retention
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.settings import TimestampSettings
from audit_trail.signing.timestamps import MAX_TOKEN_BYTES, Token, read_anchors
from audit_trail.verification import time_checks
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.time_checks import TimeTrust, attested_times, check_times
from audit_trail.verification.verifier import Report

HOURS = 24
DAYS = ("2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08")
LOCK = Retention(mode="COMPLIANCE", until=datetime(2100, 1, 1, tzinfo=UTC))


class Stamped:
    """An archive on today's clock, and the authority that it trusts."""

    def __init__(self, keys: KeyRing, authority: TimestampAuthority, *, hours: int | None = HOURS) -> None:
        self.authority = authority
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.archive = MemoryArchive(keys=keys, now=self.now, lock=LOCK, timestamp_hours=hours)
        self.trust = TimeTrust(anchors=read_anchors(authority.certificate_file), due_hours=HOURS)

    def seal(self, day: str, *, age: timedelta = timedelta()) -> int:
        """Seal a day with an entry that claims to be so old; its sequence number."""
        seal = self.archive.prepare_seal(day, 1, at=format_timestamp(self.now - age))
        return self.archive.append(seal).sequence

    def entry(self, sequence: int) -> bytes:
        return self.archive.store.read(ledger_key(sequence), max_bytes=10**7)

    def stamp(self, *sequences: int, by: TimestampAuthority | None = None) -> None:
        for sequence in sequences:
            token = (by or self.authority).token(self.entry(sequence))
            put_token(self.archive.store, sequence, token, LOCK)

    def verify(self, *, after: timedelta = timedelta(), trust: TimeTrust | None = None) -> Report:
        return self.archive.verify("objects", now=self.now + after, times=trust or self.trust)

    def findings(self, **options: Any) -> list[tuple[str, str, str]]:
        """Check, key and outcome of everything about time that did not pass."""
        return [
            (check.name, check.where.split(" ")[0], check.outcome.value)
            for check in self.verify(**options).checks.not_passed
        ]


@pytest.fixture
def stamped(keys: KeyRing, authority: TimestampAuthority) -> Stamped:
    """Genesis and two sealed days, each entry with its token."""
    made = Stamped(keys, authority)
    made.stamp(0, made.seal(DAYS[0]), made.seal(DAYS[1]))
    return made


def failed(name: str, key: str) -> tuple[str, str, str]:
    return (name, key, Outcome.FAIL.value)


def test_honest_tokens_verify(stamped: Stamped) -> None:
    report = stamped.verify()
    assert report.exit_code == 0, report.checks.not_passed
    counts = report.checks.counts
    assert counts["time.token", Outcome.PASS] == counts["time.order", Outcome.PASS] == 3
    assert counts["ledger.lock", Outcome.PASS] == 6


def test_an_archive_without_tokens_and_without_a_promise_is_not_asked_for_any(
    keys: KeyRing, authority: TimestampAuthority
) -> None:
    plain = Stamped(keys, authority, hours=None)
    plain.seal(DAYS[0])
    report = plain.verify(after=timedelta(days=30))
    assert report.exit_code == 0
    assert not [name for name, _ in report.checks.counts if name.startswith("time.")]


# Missing tokens


def test_a_token_that_is_not_due_yet_is_no_finding(stamped: Stamped) -> None:
    stamped.seal(DAYS[2])
    assert stamped.findings(after=timedelta(hours=HOURS)) == []


def test_a_token_that_is_overdue(stamped: Stamped) -> None:
    late = stamped.seal(DAYS[2])
    assert stamped.findings(after=timedelta(hours=HOURS, seconds=1)) == [
        failed("time.token", token_key(late))
    ]


def test_no_token_at_all_where_the_genesis_promised_them(
    keys: KeyRing, authority: TimestampAuthority
) -> None:
    none = Stamped(keys, authority)
    none.seal(DAYS[0])
    assert none.findings(after=timedelta(days=2)) == [
        failed("time.token", token_key(0)),
        failed("time.token", token_key(1)),
    ]


def test_a_token_that_does_not_hold_is_one_finding_however_long_it_has_been_due(stamped: Stamped) -> None:
    sequence = stamped.seal(DAYS[2])
    stamped.archive.store.put_version(token_key(sequence), b"no token", retention=LOCK)
    assert stamped.findings(after=timedelta(days=30)) == [failed("time.token", token_key(sequence))]


def test_a_missing_token_is_made_up_for_by_a_later_one(stamped: Stamped) -> None:
    stamped.archive.store.remove(token_key(1))
    assert stamped.findings(after=timedelta(days=30)) == []


# Tokens that are not what they should be


@pytest.mark.parametrize("believed", [True, False], ids=["authority known", "no authority known"])
def test_the_only_token_of_an_archive_that_promised_none_does_not_hold(
    keys: KeyRing, authority: TimestampAuthority, believed: bool
) -> None:
    """It says nothing, so nothing is due, and nothing is attested."""
    archive = Stamped(keys, authority, hours=None)
    sequence = archive.seal(DAYS[0])
    archive.archive.store.put_version(token_key(sequence), b"no token", retention=LOCK)
    trust = archive.trust if believed else TimeTrust()
    assert archive.findings(after=timedelta(days=30), trust=trust) == [
        failed("time.token", token_key(sequence))
    ]


def test_where_a_token_lies_is_said_with_its_version(stamped: Stamped) -> None:
    store = stamped.archive.store
    store.unreadable.add(token_key(2))
    (version,) = (item for item in store.copy().list_versions("ledger/") if item.key == token_key(1))
    store.change_bytes(token_key(1), b"no token")
    failed_one, unreadable = stamped.verify().checks.not_passed
    assert failed_one.where == f"{token_key(1)} version {version.version_id}"
    assert unreadable.where == token_key(2)


def test_tokens_swapped_between_entries(stamped: Stamped) -> None:
    stamped.archive.store.swap(token_key(1), token_key(2))
    assert stamped.findings() == [
        failed("time.token", token_key(1)),
        failed("time.token", token_key(2)),
    ]


def test_a_token_with_changed_bytes(stamped: Stamped) -> None:
    data = bytearray(stamped.archive.store.read(token_key(1), max_bytes=10**6))
    data[-1] ^= 1  # of the signature
    stamped.archive.store.change_bytes(token_key(1), bytes(data))
    assert stamped.findings() == [failed("time.token", token_key(1))]


def test_a_token_of_another_authority(
    stamped: Stamped, make_authority: Callable[..., TimestampAuthority]
) -> None:
    sequence = stamped.seal(DAYS[2])
    stamped.stamp(sequence, by=make_authority(name="Other"))
    assert stamped.findings() == [failed("time.token", token_key(sequence))]
    # It attests to nothing, so it does not excuse the one that is missing either.
    stamped.archive.store.remove(token_key(1))
    assert failed("time.token", token_key(sequence)) in stamped.findings(after=timedelta(days=2))


def test_anything_planted_where_a_token_belongs(stamped: Stamped) -> None:
    sequence = stamped.seal(DAYS[2])
    stamped.archive.store.put_version(token_key(sequence), b"no token", retention=LOCK)
    assert stamped.findings() == [failed("time.token", token_key(sequence))]


@pytest.mark.parametrize(("size", "said"), [(0, "not a time-stamp token"), (1, "too large")])
def test_the_largest_token_is_read_and_one_byte_more_is_not(stamped: Stamped, size: int, said: str) -> None:
    stamped.archive.store.change_bytes(token_key(1), bytes(MAX_TOKEN_BYTES + size))
    (check,) = stamped.verify().checks.not_passed
    assert said in check.found


def test_something_far_too_large_is_wrong_and_not_unreadable(stamped: Stamped) -> None:
    stamped.archive.store.change_bytes(token_key(1), bytes(1024 * 1024))
    assert stamped.findings() == [failed("time.token", token_key(1))]


def test_a_token_of_no_entry_is_a_stranger(stamped: Stamped) -> None:
    stamped.archive.store.put_version(token_key(9), stamped.authority.token(b"?"), retention=LOCK)
    assert stamped.findings() == [failed("ledger.overlaid", token_key(9))]


def test_a_deleted_token_is_still_read_and_the_marker_shown(stamped: Stamped) -> None:
    stamped.archive.store.put_delete_marker(token_key(1))
    assert stamped.findings() == [failed("ledger.overlaid", token_key(1))]
    assert stamped.archive.view.tokens.keys() == {0, 1, 2}


def test_another_token_on_top_is_shown_and_not_read(stamped: Stamped) -> None:
    stamped.archive.store.put_version(token_key(1), stamped.authority.token(b"?"), retention=LOCK)
    assert stamped.findings() == [failed("ledger.overlaid", token_key(1))]


def test_a_token_whose_lock_was_weakened(stamped: Stamped) -> None:
    stamped.archive.store.redescribe(token_key(1), retention=None)
    assert stamped.findings() == [failed("ledger.lock", token_key(1))]


def test_an_unreadable_token_is_unverifiable(stamped: Stamped) -> None:
    stamped.archive.store.unreadable.add(token_key(2))
    assert stamped.findings() == [("time.token", token_key(2), "UNVERIFIABLE")]


# Times that do not fit


def test_an_entry_that_claims_a_month_more_than_its_token(stamped: Stamped) -> None:
    sequence = stamped.seal(DAYS[2], age=timedelta(days=30))
    stamped.stamp(sequence)
    assert stamped.findings() == [failed("time.order", ledger_key(sequence))]
    (day,) = [day for day in stamped.verify().days if day.day == DAYS[2]]
    assert day.verdict == "tampered"


def test_a_back_dated_entry_is_not_saved_by_having_no_token(stamped: Stamped) -> None:
    back_dated = stamped.seal(DAYS[2], age=timedelta(days=30))
    assert stamped.findings() == [failed("time.token", token_key(back_dated))]
    stamped.stamp(stamped.seal(DAYS[3]))
    assert stamped.findings() == [failed("time.order", ledger_key(back_dated))]


def test_an_entry_of_the_future(stamped: Stamped) -> None:
    sequence = stamped.seal(DAYS[2], age=-timedelta(minutes=10))
    assert stamped.findings() == []
    stamped.stamp(stamped.seal(DAYS[3]))
    assert stamped.findings() == [failed("time.order", ledger_key(sequence))]


def test_clocks_may_differ_by_minutes(stamped: Stamped) -> None:
    stamped.stamp(stamped.seal(DAYS[2], age=-timedelta(minutes=4)))
    assert stamped.findings() == []


def test_tokens_begun_with_later_say_nothing_against_what_was_before(
    keys: KeyRing, authority: TimestampAuthority
) -> None:
    archive = Stamped(keys, authority, hours=None)
    archive.seal(DAYS[0], age=timedelta(days=300))
    archive.stamp(archive.seal(DAYS[1]))
    assert archive.findings() == []
    overdue = archive.seal(DAYS[2], age=timedelta(days=3))
    assert archive.findings() == [failed("time.token", token_key(overdue))]


# Nobody to believe


def test_without_certificates_tokens_are_unverifiable_and_the_setting_is_named(stamped: Stamped) -> None:
    report = stamped.verify(trust=TimeTrust())
    assert report.exit_code == 2
    (check,) = report.checks.not_passed
    assert (check.name, check.outcome) == ("time.token", Outcome.UNVERIFIABLE)
    assert "timestamps.certificate_file" in check.remedy
    assert check.found == "tokens by CN=Honest TSA"
    assert check.where == f"3 tokens from {token_key(0)} to {token_key(2)}"
    passed = {name for name, outcome in report.checks.counts if outcome is Outcome.PASS}
    assert not passed & {"time.order", "time.token"}


def test_what_speaks_against_an_entry_does_so_without_certificates_too(stamped: Stamped) -> None:
    stamped.archive.store.swap(token_key(1), token_key(2))
    stamped.stamp(stamped.seal(DAYS[2], age=timedelta(days=30)))
    found = stamped.findings(trust=TimeTrust())
    assert failed("time.token", token_key(1)) in found
    assert failed("time.order", ledger_key(3)) in found


# What attests to what


def test_an_entry_is_attested_by_the_earliest_token_over_it_or_a_later_one() -> None:
    early, middle, late = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3))
    assert attested_times([]) == []
    assert attested_times([None, None]) == [None, None]
    assert attested_times([early, None, late, None]) == [early, late, late, None]
    assert attested_times([late, middle, early]) == [early, early, early]


def test_the_token_is_over_the_stored_bytes(stamped: Stamped) -> None:
    assert sha256(stamped.entry(1)).hexdigest() == stamped.archive.view.heads[1]


# To the second: with tokens that say whatever is asked, over entries of a fixed clock

AT = datetime(2026, 1, 10, 3, tzinfo=UTC)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> dict[int, datetime]:
    """What the token over each entry says; none of them is read."""
    times: dict[int, datetime] = {}

    def read(_store: Any, _view: Any, sequence: int, *_: Any) -> Token:
        return Token(time=times[sequence], serial=sequence, policy="1.2", authority="CN=x")

    monkeypatch.setattr(time_checks, "_read_token", read)
    return times


def found_at(archive: MemoryArchive, *, trust: TimeTrust, now: datetime = AT) -> list[Check]:
    checks = CheckList(keep_passed=True)
    check_times(archive.store, archive.view, trust, checks, now=now)
    return checks.kept


TRUSTED = TimeTrust(anchors=object(), due_hours=HOURS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (AT - timedelta(minutes=5), Outcome.PASS),
        (AT - timedelta(minutes=5, seconds=1), Outcome.FAIL),
        (AT + timedelta(hours=HOURS), Outcome.PASS),
        (AT + timedelta(hours=HOURS, seconds=1), Outcome.FAIL),
    ],
    ids=["five minutes", "a second more", "a day later", "a day and a second"],
)
def test_an_entrys_time_fits_its_token_to_the_second(
    keys: KeyRing, says: dict[int, datetime], said: datetime, outcome: Outcome
) -> None:
    archive = MemoryArchive(keys=keys, timestamp_hours=HOURS)
    archive.store.put_version(token_key(0), b"token")
    says[0] = said
    token, order = found_at(archive, trust=TRUSTED)
    assert (token.name, token.outcome) == ("time.token", Outcome.PASS)
    assert token.found == f"{format_timestamp(said)} by CN=x, serial 0"
    assert (order.name, order.where, order.outcome) == ("time.order", ledger_key(0), outcome)
    assert order.found == f"says 2026-01-10T03:00:00Z, attested at {format_timestamp(said)}"
    earliest, latest = said - timedelta(hours=HOURS), said + timedelta(minutes=5)
    assert order.expected == (
        f"not before {format_timestamp(earliest)}, at or before {format_timestamp(latest)}"
    )
    assert bool(order.remedy) is (outcome is Outcome.FAIL)


@pytest.mark.parametrize(("hours", "due_hours"), [(6, 24), (None, 6)], ids=["promised", "by setting"])
def test_a_token_is_due_after_the_promised_hours_or_else_after_those_of_the_settings(
    keys: KeyRing, says: dict[int, datetime], hours: int | None, due_hours: int
) -> None:
    archive = MemoryArchive(keys=keys, timestamp_hours=hours)
    archive.store.put_version(token_key(0), b"token")
    says[0] = AT
    archive.seal(DAYS[0], b"x\n")
    trust = TimeTrust(anchors=TRUSTED.anchors, due_hours=due_hours)
    due = AT + timedelta(hours=6)
    in_time = found_at(archive, trust=trust, now=due)
    assert {(check.outcome, check.day, check.remedy) for check in in_time} == {(Outcome.PASS, "", "")}
    late = found_at(archive, trust=trust, now=due + timedelta(seconds=1))
    (missing,) = (check for check in late if check.outcome is Outcome.FAIL)
    assert (missing.name, missing.where, missing.found) == ("time.token", token_key(1), "none")
    assert missing.expected == "a token over it or a later entry by 2026-01-10T09:00:00Z"
    assert "a run catches up" in missing.remedy


def test_what_was_written_before_the_first_token_is_held_to_its_latest_time_only(
    keys: KeyRing, says: dict[int, datetime]
) -> None:
    archive = MemoryArchive(keys=keys)
    archive.seal(DAYS[0], b"x\n")
    archive.store.put_version(token_key(1), b"token")
    says[1] = AT + timedelta(days=300)
    checks = [check for check in found_at(archive, trust=TRUSTED) if check.name == "time.order"]
    assert [(check.where, check.outcome, check.day) for check in checks] == [
        (ledger_key(0), Outcome.PASS, ""),
        (ledger_key(1), Outcome.FAIL, DAYS[0]),
    ]
    assert checks[0].expected == "at or before 2026-11-06T03:05:00Z"


def test_a_day_is_named_only_where_its_seal_speaks_against_it(
    keys: KeyRing, says: dict[int, datetime]
) -> None:
    """A day is judged by the checks that name it."""
    archive = MemoryArchive(keys=keys, timestamp_hours=HOURS)
    archive.seal(DAYS[0], b"x\n")
    for sequence in (0, 1):
        archive.store.put_version(token_key(sequence), b"token")
    for time, days in ((AT, ["", ""]), (AT + timedelta(days=2), ["", DAYS[0]])):
        says.update({0: time, 1: time})
        order = [check for check in found_at(archive, trust=TRUSTED) if check.name == "time.order"]
        assert [check.day for check in order] == days


def test_the_settings_name_whom_to_believe_and_when_a_token_is_due(authority: TimestampAuthority) -> None:
    trust = TimeTrust.of(TimestampSettings(**authority.settings | {"due_hours": 7}))
    assert trust == TimeTrust(anchors=read_anchors(authority.certificate_file), due_hours=7)
    assert TimeTrust.of(TimestampSettings()) == TimeTrust(anchors=None, due_hours=48)
