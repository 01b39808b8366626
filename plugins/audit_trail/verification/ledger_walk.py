"""Walking the ledger: from a pinned genesis to a head that can be believed.

For every entry, in order:
  1. it is numbered one more than the entry before it;
  2. it is an envelope around a well-formed entry;
  3. it is signed by exactly the keys believed here, with allowed algorithms;
  4. it is of this archive, has that number, and names the digest of the entry before it.
The genesis is believed because its digest is the one the verifier was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

from audit_trail.archive.ledger import MAX_ENTRY_BYTES, LedgerListing, RawEntry, list_ledger, read_entries
from audit_trail.archive.object_store import ObjectReader, ObjectVersion, Retention
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.ledger_entry import (
    Gap,
    Genesis,
    KeyRevocation,
    KeyRotation,
    LinkedEntry,
    Seal,
    Verification,
    parse_entry,
)
from audit_trail.signing.pins import Head
from audit_trail.signing.signatures import verify_envelope
from audit_trail.verification.key_history import KeyHistory, Keys


@dataclass(slots=True)
class LedgerView:
    """What a ledger says after all of it has been checked.

    Attributes:
        genesis: Entry 0.
        genesis_sha256: Its digest, the archive's identity.
        history: Which keys are believed, and were.
        heads: Digest of every entry by sequence number.
        versions: Version id of every entry by sequence number.
        seals: All seals in ledger order.
        seals_by_day: The same by day, in order of their revisions.
        verifications: All verification entries in ledger order.
        gaps: The declared gaps, by day.
        key_changes: All rotations and revocations in ledger order.
        times: When each entry says that it was written, by sequence number.
        locks: Under which lock the store holds each entry, by sequence number; None where it
            holds it under none, and where the entry was kept from an earlier reading.
        tokens: The version of each time-stamp token by its entry's sequence number; nothing
            of them has been checked yet.
        token_locks: Under which lock the store holds each token that has been read.
        overlaid: Later versions and delete markers over entries and tokens: attempts.
        strangers: Objects in the ledger folder that are neither.
    """

    genesis: Genesis
    genesis_sha256: str
    history: KeyHistory
    heads: list[str]
    seals: list[Seal] = field(default_factory=list)
    seals_by_day: dict[str, list[Seal]] = field(default_factory=dict)
    verifications: list[Verification] = field(default_factory=list)
    gaps: dict[str, Gap] = field(default_factory=dict)
    key_changes: list[KeyRotation | KeyRevocation] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    locks: list[Retention | None] = field(default_factory=list)
    versions: dict[int, str] = field(default_factory=dict)
    tokens: dict[int, ObjectVersion] = field(default_factory=dict)
    token_locks: dict[int, Retention | None] = field(default_factory=dict)
    overlaid: tuple[ObjectVersion, ...] = ()
    strangers: tuple[ObjectVersion, ...] = ()

    @property
    def head(self) -> Head:
        """The newest entry."""
        return Head(sequence=len(self.heads) - 1, sha256=self.heads[-1])

    def seals_of(self, day: str) -> list[Seal]:
        """The seals of a day, by revision."""
        return self.seals_by_day.get(day, [])

    @property
    def keys(self) -> Keys:
        """The keys that sign now."""
        return self.history.active

    def copy(self) -> LedgerView:
        """One that does not grow with this one."""
        return replace(
            self,
            history=self.history.copy(),
            heads=self.heads.copy(),
            seals=self.seals.copy(),
            seals_by_day={day: seals.copy() for day, seals in self.seals_by_day.items()},
            verifications=self.verifications.copy(),
            gaps=self.gaps.copy(),
            key_changes=self.key_changes.copy(),
            times=self.times.copy(),
            locks=self.locks.copy(),
            versions=self.versions.copy(),
            tokens=self.tokens.copy(),
            token_locks=self.token_locks.copy(),
        )

    def note_listed(self, listing: LedgerListing) -> None:
        """Take over what lies beside the entries of a whole listing and over them."""
        self.overlaid, self.strangers = listing.overlaid, listing.strangers
        self.tokens = listing.tokens

    def check_envelope(self, envelope: Envelope, *, where: str) -> None:
        """Check a document that was signed just now.

        Raises:
            IntegrityError: See `verify_envelope`.
        """
        verify_envelope(envelope, keys=self.history.active, algorithms=self.history.algorithms, where=where)

    def check_extends(self, remembered: Head | None) -> None:
        """Check that this ledger continues the one seen before.

        Raises:
            IntegrityError: It is shorter, or another one.
        """
        if remembered is None:
            return
        if remembered.sequence >= len(self.heads):
            raise IntegrityError(
                "the ledger is shorter than it was",
                where=f"ledger entry {remembered.sequence}",
                expected=f"entry {remembered.sequence}, digest {remembered.sha256}",
                found=f"the last entry is {self.head.sequence}",
                remedy="entries were removed, or this is an older copy; compare the versions in the store",
            )
        if self.heads[remembered.sequence] != remembered.sha256:
            raise IntegrityError(
                "the ledger is not the one seen before",
                where=f"ledger entry {remembered.sequence}",
                expected=remembered.sha256,
                found=self.heads[remembered.sequence],
                remedy="history was rewritten; do not trust entries from this number on",
            )


def read_ledger(
    store: ObjectReader,
    genesis_sha256: str,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> LedgerView:
    """Read and check the whole ledger.

    Args:
        store: Only ever read.
        genesis_sha256: The archive's identity, from outside the bucket.
        on_progress: Called with (done, total) entries.

    Raises:
        IntegrityError: The first thing that is wrong, and at which entry.
        StorageError: The store refused or could not be reached.
    """
    listing = list_ledger(store)
    check_sizes(listing)
    with closing(read_entries(store, listing.first_versions)) as raw:
        view = walk(_counted(raw, len(listing.first_versions), on_progress), genesis_sha256)
    view.note_listed(listing)
    return view


def _counted(
    entries: Iterable[RawEntry], total: int, on_progress: Callable[[int, int], None]
) -> Iterator[RawEntry]:
    for done, entry in enumerate(entries, 1):
        yield entry
        on_progress(done, total)


def check_sizes(listing: LedgerListing) -> None:
    """Too large is wrong, not unreadable: trying again will not make it smaller.

    Raises:
        IntegrityError: Naming the first entry that is.
    """
    for version in listing.first_versions:
        if version.size > MAX_ENTRY_BYTES:
            raise IntegrityError(
                "a ledger object is too large to be an entry",
                where=version.key,
                expected=f"at most {MAX_ENTRY_BYTES} bytes",
                found=f"{version.size} bytes",
                remedy="no writer of ours put it; find out who did",
            )


def walk(entries: Iterable[RawEntry], genesis_sha256: str) -> LedgerView:
    """Check entries in order; see the module's docstring.

    Raises:
        IntegrityError: The first thing that is wrong, and at which entry.
    """
    ordered = iter(entries)
    first = next(ordered, None)
    if first is None:
        raise IntegrityError(
            "the ledger is empty",
            where="ledger/",
            expected=f"a genesis entry with digest {genesis_sha256}",
            found="no entries",
            remedy="found the archive with `audit-trail init`, or check archive.bucket and archive.prefix",
        )
    _check_number(first, 0)
    view = _begin(first, genesis_sha256)
    extend(view, ordered)
    return view


def extend(view: LedgerView, entries: Iterable[RawEntry]) -> None:
    """Check the entries that follow those of `view`, in order, and take each that holds.

    Raises:
        IntegrityError: The first thing that is wrong, and at which entry. The view ends
            before it.
    """
    for raw in entries:
        _check_number(raw, len(view.heads))
        _continue(view, raw)


def _check_number(raw: RawEntry, expected: int) -> None:
    if raw.sequence != expected:
        raise IntegrityError(
            "a ledger entry is missing",
            where=f"ledger entry {expected}",
            expected=f"entry {expected}",
            found=f"entry {raw.sequence}",
            remedy="entries were removed; look for delete markers and older versions in the store",
        )


def _begin(raw: RawEntry, genesis_sha256: str) -> LedgerView:
    if raw.sha256 != genesis_sha256:
        raise IntegrityError(
            "this is another archive: its genesis is not the pinned one",
            where=raw.key,
            expected=genesis_sha256,
            found=raw.sha256,
        )
    envelope = parse_envelope(raw.data, where=raw.key)
    genesis = parse_entry(envelope.payload, where=raw.key)
    if not isinstance(genesis, Genesis):
        raise IntegrityError("entry 0 is not a genesis", where=raw.key, found=genesis.kind)
    history = KeyHistory.begin(genesis, where=raw.key)
    history.check_entry(genesis, envelope, where=raw.key)
    view = LedgerView(
        genesis=genesis,
        genesis_sha256=genesis_sha256,
        history=history,
        heads=[raw.sha256],
        times=[genesis.at],
    )
    view.versions[0] = raw.version_id
    view.locks.append(raw.retention)
    return view


def _continue(view: LedgerView, raw: RawEntry) -> None:
    envelope = parse_envelope(raw.data, where=raw.key)
    entry = parse_entry(envelope.payload, where=raw.key)
    if isinstance(entry, Genesis):
        raise IntegrityError("a second genesis", where=raw.key)
    view.history.check_entry(entry, envelope, where=raw.key)
    _check_place(view, entry, raw)
    _take(view, entry, where=raw.key)
    view.history.accept(entry)
    view.heads.append(raw.sha256)
    view.times.append(entry.at)
    view.locks.append(raw.retention)
    view.versions[raw.sequence] = raw.version_id


def _check_place(view: LedgerView, entry: LinkedEntry, raw: RawEntry) -> None:
    for name, expected, found in (
        ("sequence", str(raw.sequence), str(entry.sequence)),
        ("archive", view.genesis.archive, entry.archive),
        ("genesis", view.genesis_sha256, entry.genesis),
        ("previous", view.heads[-1], entry.previous),
    ):
        if expected != found:
            raise IntegrityError(
                f"a ledger entry's {name} is not what its place demands",
                where=raw.key,
                expected=expected,
                found=found,
                remedy="the entry was moved, replayed or replaced; do not trust entries from this number on",
            )


def _take(view: LedgerView, entry: LinkedEntry, *, where: str) -> None:
    match entry:
        case Seal():
            _check_revision(view, entry, where)
            view.seals.append(entry)
            view.seals_by_day.setdefault(entry.date, []).append(entry)
        case Gap():
            view.gaps[entry.date] = entry
        case KeyRotation() | KeyRevocation():
            view.key_changes.append(entry)
        case Verification():
            view.verifications.append(entry)


def _check_revision(view: LedgerView, seal: Seal, where: str) -> None:
    sealed = len(view.seals_of(seal.date))
    if seal.revision != sealed + 1:
        raise IntegrityError(
            "a day's revisions do not follow one another",
            where=where,
            expected=f"revision {sealed + 1} of {seal.date}",
            found=f"revision {seal.revision}",
        )
