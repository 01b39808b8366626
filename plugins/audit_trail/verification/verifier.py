"""Verification of an archive, or of some of its days, at a chosen level.

Each level includes the one before: `ledger` (chain, signatures, pins,
time-stamps, completeness of days), `objects` (every object is there, in its version, under
its lock, and nothing else), `content` (the bytes, hashed again).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Literal

from audit_trail.archive.object_store import ObjectReader, ObjectVersion
from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.manifest import Manifest
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.content_checks import check_manifest, check_segment
from audit_trail.verification.days import DayVerdict, Grace, expected_days, judge_days
from audit_trail.verification.ledger_walk import LedgerView, read_ledger
from audit_trail.verification.object_checks import check_entry, check_listing, check_object
from audit_trail.verification.range_checks import check_ranges
from audit_trail.verification.seal_checks import check_seal
from audit_trail.verification.time_checks import TimeTrust, check_times

Level = Literal["ledger", "objects", "content"]
WORKERS = 8
"""Requests in flight: enough to hide latency, few enough for a small machine."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What a verification found."""

    level: Level
    checks: CheckList
    view: LedgerView | None = None
    days: list[DayVerdict] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """See `CheckList.exit_code`."""
        return self.checks.exit_code

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        counts: dict[str, dict[str, int]] = {}
        for (name, outcome), count in sorted(self.checks.counts.items()):
            counts.setdefault(name, {})[outcome.value] = count
        return {
            "level": self.level,
            "exit_code": self.exit_code,
            "archive": self.view.genesis.archive if self.view else None,
            "genesis": self.view.genesis_sha256 if self.view else None,
            "head": {"sequence": self.view.head.sequence, "sha256": self.view.head.sha256}
            if self.view
            else None,
            "days": [
                {
                    "day": d.day,
                    "verdict": d.verdict,
                    "revisions": d.revisions,
                    "segments": d.segments,
                    "records": d.records,
                }
                for d in self.days
            ],
            "checks": counts,
            "findings": [check.to_json() for check in self.checks.not_passed],
        }


class Verifier:
    """Checks an archive through a read-only view of its store.

    Args:
        store: Only ever read.
        genesis: The archive's identity, from outside the bucket.
        remembered: The newest head seen before, from outside the bucket.
        times: What is believed of time-stamp tokens; None: of no authority.
        keep_passed: Keep every passed check, not only its count.
        on_progress: Called with (done, total) seals.
        on_manifest: Called with each seal whose objects are checked, and its manifest or None,
            from several threads.
    """

    def __init__(
        self,
        store: ObjectReader,
        *,
        genesis: str,
        remembered: Head | None,
        times: TimeTrust | None = None,
        keep_passed: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
        on_manifest: Callable[[Seal, Manifest | None], None] | None = None,
    ) -> None:
        self._store = store
        self._genesis = genesis
        self._remembered = remembered
        self._times = times or TimeTrust()
        self._on_progress = on_progress
        self._on_manifest = on_manifest
        self.checks = CheckList(keep_passed=keep_passed)

    def verify(
        self,
        level: Level,
        *,
        day: str | None = None,
        now: datetime,
        due_hours: int,
        also: Callable[[LedgerView, list[str]], None] | None = None,
    ) -> Report:
        """Verify the ledger, and all days or one of them.

        Args:
            level: How deep.
            day: Only this day's objects; the ledger is always walked whole.
            now: Days that ended more than `due_hours` before must be sealed.
            due_hours: Hours of grace after a day's end.
            also: Called with the ledger and the expected days before these are
                judged; adds to `checks`.
        """
        view = self.check_ledger()
        report = Report(level=level, checks=self.checks, view=view)
        if view is None:
            return report
        self.check_times(view, now=now)
        seals = view.seals_of(day) if day else view.seals
        if level != "ledger":
            grace = Grace(view=view, now=now.astimezone(UTC), hours=due_hours)
            self.check_objects(view, seals, content=level == "content", whole=day is None, grace=grace)
        expected = [day] if day else expected_days(view, now=now, due_hours=due_hours)
        if also is not None:
            also(view, expected)
        report.days = judge_days(view, expected, self.checks)
        return report

    def check_ledger(self) -> LedgerView | None:
        """Walk the ledger and compare it with what is remembered; None when it cannot be believed."""
        try:
            view = read_ledger(self._store, self._genesis)
        except AuditTrailError as error:
            self.checks.add_error("ledger.chain", error, where="ledger/")
            return None
        self.check_view(view)
        return view

    def check_view(self, view: LedgerView) -> None:
        """Check a walked ledger against what is remembered, its own policy, and what lies over it."""
        head = view.head
        self._passed(
            "ledger.chain",
            f"{len(view.heads)} entries from genesis {self._genesis[:16]} to {head.sha256[:16]}",
        )
        try:
            view.check_extends(self._remembered)
        except AuditTrailError as error:
            self.checks.add_error("ledger.pin", error)
        else:
            seen = (
                f"extends entry {self._remembered.sequence}"
                if self._remembered
                else "first meeting, nothing to compare"
            )
            self._passed("ledger.pin", seen)
        for version in (*view.overlaid, *view.strangers):
            self._failed(
                "ledger.overlaid",
                f"{version.key} version {version.version_id}",
                "an object that no writer of ours put",
            )
        for seal in view.seals:
            check_seal(seal, view.genesis.policy, self.checks)
        self._check_revocations(view)

    def check_times(self, view: LedgerView, *, now: datetime) -> None:
        """Check the time-stamp tokens over the ledger's entries; see `verification.time_checks`."""
        check_times(self._store, view, self._times, self.checks, now=now.astimezone(UTC))

    def _check_revocations(self, view: LedgerView) -> None:
        days = {seal.sequence: seal.date for seal in view.seals}
        for sequence, revocation in view.history.disbelieved(len(view.heads)):
            self._failed(
                "ledger.revoked-key",
                ledger_key(sequence),
                f"signed by key {revocation.keyid[:16]}, which is not believed from entry "
                f"{revocation.from_sequence} on: {revocation.reason}",
                day=days.get(sequence, ""),
                remedy="hold what this entry says against another source before you rely on it",
            )

    def check_objects(
        self,
        view: LedgerView,
        seals: list[Seal],
        *,
        content: bool,
        whole: bool,
        grace: Grace | None = None,
    ) -> None:
        """Check the objects of `seals`, their content too when asked, and the listing around them.

        Args:
            view: The walked ledger.
            seals: Whose objects; of a day all revisions, or none.
            content: Read the bytes too.
            whole: `seals` are all there are: list everything.
            grace: What may still be on its way to its seal; None: nothing.
        """
        days = {seal.sequence: seal.date for seal in seals}
        for sequence in range(len(view.heads)) if whole else days:
            check_entry(view, sequence, self.checks, day=days.get(sequence, ""))
        self.check_seals(view, seals, content=content)
        self.check_listed(seals, whole=whole, grace=grace)

    def check_seals(self, view: LedgerView, seals: list[Seal], *, content: bool) -> None:
        """Check the manifests and objects of `seals`, their content too when asked.

        All revisions of a day belong together: their ranges have to join up.
        """
        by_day: dict[str, list[Seal]] = {}
        for seal in seals:
            by_day.setdefault(seal.date, []).append(seal)
        with ThreadPoolExecutor(WORKERS) as pool:
            work = pool.map(lambda day: self._check_day(view, by_day[day], content=content), by_day)
            for done in accumulate(work):
                if self._on_progress:
                    self._on_progress(done, len(seals))

    def check_listed(self, seals: list[Seal], *, whole: bool, grace: Grace | None = None) -> None:
        """Check that nothing lies over the objects of `seals` or beside them; see `check_objects`."""
        prefixes = [""] if whole else sorted({folder for seal in seals for folder in _folders(seal)})
        if not prefixes:
            return
        where = "the whole archive" if whole else ", ".join(prefixes)
        try:
            check_listing(self._listing(prefixes), seals, self.checks, where=where, grace=grace)
        except StorageError as error:
            self.checks.add_error("listing.clean", error, where=where)

    def _check_day(self, view: LedgerView, seals: list[Seal], *, content: bool) -> int:
        """Check the revisions of a day; how many they are."""
        manifests = (self._check_seal(view, seal, content=content) for seal in seals)
        check_ranges(manifests, self.checks, day=seals[0].date)
        return len(seals)

    def _check_seal(self, view: LedgerView, seal: Seal, *, content: bool) -> Manifest | None:
        manifest = check_manifest(self._store, view, seal, self.checks)
        if self._on_manifest is not None:
            self._on_manifest(seal, manifest)
        for sealed in seal.objects:
            check_object(self._store, sealed, self.checks, day=seal.date)
        if content and manifest is not None:
            for sealed, segment in zip(seal.objects, manifest.segments, strict=True):
                check_segment(self._store, sealed, segment, self.checks, day=seal.date)
        return manifest

    def check_drawn(self, view: LedgerView, drawn: Iterable[tuple[Seal, SealedObject]]) -> None:
        """Read the bytes of single sealed segments."""
        manifests: dict[int, Manifest | None] = {}
        for seal, sealed in drawn:
            if seal.sequence not in manifests:
                manifests[seal.sequence] = check_manifest(self._store, view, seal, self.checks)
            manifest = manifests[seal.sequence]
            for segment in manifest.segments if manifest else ():
                if segment.key == sealed.key:
                    check_segment(self._store, sealed, segment, self.checks, day=seal.date)

    def _listing(self, prefixes: Iterable[str]) -> Iterable[ObjectVersion]:
        for prefix in prefixes:
            for version in self._store.list_versions(prefix):
                # The ledger's own folder was looked through when it was walked.
                if not version.key.startswith("ledger/"):
                    yield version

    def _passed(self, name: str, where: str, *, day: str = "") -> None:
        self.checks.add(Check(name=name, where=where, outcome=Outcome.PASS, day=day))

    def _failed(self, name: str, where: str, found: str, *, day: str = "", remedy: str = "") -> None:
        self.checks.add(
            Check(name=name, where=where, outcome=Outcome.FAIL, found=found, day=day, remedy=remedy)
        )


def _folders(seal: Seal) -> Iterable[str]:
    """A key ends in a file name; its folder holds one source's day."""
    for item in (seal.manifest, *seal.objects):
        yield item.key.rpartition("/")[0] + "/"


def check_level(level: str) -> Level:
    """Narrow a word to a level.

    Raises:
        ConfigurationError: Another word.
    """
    if level not in ("ledger", "objects", "content"):
        raise ConfigurationError(
            "unknown level", where="level", expected="ledger, objects or content", found=level
        )
    return level  # type: ignore[return-value]
