"""Since when can anybody know of each ledger entry, and does that bear out its `at`?

1. Each token is read and checked: about this entry, signed by the authority.
2. An entry is attested by the earliest token over it or any later entry: each
   entry names the digest of the one before, so who saw entry n + 1 saw n. A
   missing token that a later one makes up for is no finding.
3. What nothing attests, and was due, is a failure.
4. An entry's `at` is no later than it was attested (it would be of the
   future), and at most the promised hours earlier: it claims to be older than
   anybody can say, and may have been written when it was attested.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit_trail.archive.ledger import READERS
from audit_trail.archive.object_store import ObjectReader, ObjectVersion
from audit_trail.errors import AuditTrailError, IntegrityError
from audit_trail.evidence.fields import format_timestamp, parse_timestamp
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.settings import TimestampSettings
from audit_trail.signing.timestamps import MAX_TOKEN_BYTES, Anchors, Token, check_token, read_anchors
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""What Kerberos allows two honest clocks to differ by: RFC 4120, section 8.2."""
DUE_HOURS: int = TimestampSettings.model_fields["due_hours"].default
_OVERDUE = (
    "see the warnings of the last runs: the authority of timestamps.url has not answered; a run catches up"
)
_DISHONEST = "the clock was wrong, or the entry was back-dated: hold what it says against another source"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTrust:
    """What a verifier believes of time-stamp tokens.

    Attributes:
        anchors: The authority's certificates; None: no token can be believed.
        due_hours: For archives whose genesis does not say it.
    """

    anchors: Anchors | None = None
    due_hours: int = DUE_HOURS

    @classmethod
    def of(cls, settings: TimestampSettings) -> TimeTrust:
        """What the settings name.

        Raises:
            ConfigurationError: See `read_anchors`.
        """
        path = settings.certificate_file
        return cls(anchors=read_anchors(path) if path else None, due_hours=settings.due_hours)


def check_times(
    store: ObjectReader, view: LedgerView, trust: TimeTrust, checks: CheckList, *, now: datetime
) -> None:
    """Check all tokens, and all times against them; see the module's docstring.

    Args:
        store: Only read.
        view: The walked ledger; learns the locks of its tokens.
        trust: Whom to believe.
        checks: Where results go: `time.token` and `time.order`.
        now: What was due before and is not there is a failure.
    """
    promised = view.genesis.policy.timestamp_hours
    if promised is None and not view.tokens:
        return
    tokens = _check_tokens(store, view, trust, checks)
    times = [token.time if (token := tokens.get(sequence)) else None for sequence in range(len(view.heads))]
    attested = attested_times(times)
    # Without a promise, what was written before the first token was never meant to have one.
    first = 0 if promised is not None else min(tokens, default=len(times))
    due = timedelta(hours=promised or trust.due_hours)
    days = {seal.sequence: seal.date for seal in view.seals}
    for sequence, known in enumerate(attested):
        at = parse_timestamp(view.times[sequence])
        if known is None:
            if sequence >= first and now - at > due and sequence not in view.tokens:
                _missing(sequence, at + due, checks)
            continue
        latest = known + MAX_CLOCK_SKEW
        earliest = known - due if sequence >= first else None
        honest = at <= latest and (earliest is None or earliest <= at)
        # Whose tokens nobody vouches for can accuse, and not acquit.
        if honest and trust.anchors is None:
            continue
        checks.add(
            Check(
                name="time.order",
                where=ledger_key(sequence),
                outcome=Outcome.PASS if honest else Outcome.FAIL,
                expected=_span(earliest, latest),
                found=f"says {view.times[sequence]}, attested at {format_timestamp(known)}",
                remedy="" if honest else _DISHONEST,
                day="" if honest else days.get(sequence, ""),
            )
        )


def attested_times(times: Sequence[datetime | None]) -> list[datetime | None]:
    """For each entry the earliest time of a token over it or any later entry; None where there is none."""
    earliest: datetime | None = None
    attested: list[datetime | None] = []
    for time in reversed(times):
        if time is not None and (earliest is None or time < earliest):
            earliest = time
        attested.append(earliest)
    return attested[::-1]


def _check_tokens(
    store: ObjectReader, view: LedgerView, trust: TimeTrust, checks: CheckList
) -> dict[int, Token]:
    """Read and check every token, concurrently; those that hold."""

    def check(item: tuple[int, ObjectVersion]) -> tuple[int, Token | AuditTrailError]:
        sequence, version = item
        try:
            return sequence, _read_token(store, view, sequence, version, trust)
        except AuditTrailError as error:
            return sequence, error

    with ThreadPoolExecutor(READERS) as pool:
        results = list(pool.map(check, sorted(view.tokens.items())))
    good: dict[int, Token] = {}
    for sequence, result in results:
        if isinstance(result, AuditTrailError):
            checks.add_error("time.token", result, where=_where(view, sequence))
            continue
        good[sequence] = result
        if trust.anchors is not None:
            found = f"{format_timestamp(result.time)} by {result.authority}, serial {result.serial}"
            checks.add(
                Check(
                    name="time.token", where=_where(view, sequence), outcome=Outcome.PASS, found=found[:300]
                )
            )
    if trust.anchors is None and good:
        _unbelieved(good, checks)
    return good


def _read_token(
    store: ObjectReader, view: LedgerView, sequence: int, version: ObjectVersion, trust: TimeTrust
) -> Token:
    where = _where(view, sequence)
    if version.size > MAX_TOKEN_BYTES:
        raise IntegrityError(
            "too large to be a time-stamp token",
            where=where,
            expected=f"at most {MAX_TOKEN_BYTES} bytes",
            found=f"{version.size} bytes",
        )
    described, data = store.fetch(version.key, version.version_id, max_bytes=MAX_TOKEN_BYTES)
    view.token_locks[sequence] = described.retention
    return check_token(data, sha256=view.heads[sequence], anchors=trust.anchors, where=where)


def _unbelieved(tokens: dict[int, Token], checks: CheckList) -> None:
    checks.add(
        Check(
            name="time.token",
            where=f"{len(tokens)} tokens from {token_key(min(tokens))} to {token_key(max(tokens))}",
            outcome=Outcome.UNVERIFIABLE,
            expected="a signature of the time-stamping authority",
            found=f"tokens by {', '.join(sorted({token.authority for token in tokens.values()}))}"[:300],
            remedy="set timestamps.certificate_file to the authority's root certificate, from the authority",
        )
    )


def _missing(sequence: int, due: datetime, checks: CheckList) -> None:
    checks.add(
        Check(
            name="time.token",
            where=token_key(sequence),
            outcome=Outcome.FAIL,
            expected=f"a token over it or a later entry by {format_timestamp(due)}",
            found="none",
            remedy=_OVERDUE,
        )
    )


def _span(earliest: datetime | None, latest: datetime) -> str:
    until = f"at or before {format_timestamp(latest)}"
    return until if earliest is None else f"not before {format_timestamp(earliest)}, {until}"


def _where(view: LedgerView, sequence: int) -> str:
    return f"{token_key(sequence)} version {view.tokens[sequence].version_id}"
