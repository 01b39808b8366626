"""Where in the bucket everything lies. Pure functions of what is stored there.

The `key=value` folders are Hive partitions: Athena, Spark and DuckDB read the
archive as a table.
"""

from __future__ import annotations

import re

_DAY_KEY = re.compile(
    r"(?:logs/source=[^/]+/date=(?P<segment>[0-9-]{10})/part-[0-9]{5}-[0-9a-f]{16}\.(?:jsonl|log)\.zst"
    r"|manifests/date=(?P<manifest>[0-9-]{10})/r[0-9]{4}-[0-9a-f]{16}\.dsse\.json)\Z"
)
LEDGER_KEY = re.compile(r"ledger/([0-9]{12})\.dsse\.json\Z")
_TOKEN_KEY = re.compile(r"ledger/([0-9]{12})\.tsr\Z")


def segment_key(*, source: str, day: str, number: int, stored_sha256: str, suffix: str) -> str:
    """Key of a segment. `suffix` is `jsonl` or `log`; `number` counts from 0 in the day."""
    return f"logs/source={source}/date={day}/part-{number:05d}-{stored_sha256[:16]}.{suffix}.zst"


def manifest_key(*, day: str, revision: int, statement_sha256: str) -> str:
    """Key of a manifest, named by the digest of its statement.

    Signatures differ each time they are made, the statement does not: so the
    same day sealed by two writers meets at one key.
    """
    return f"manifests/date={day}/r{revision:04d}-{statement_sha256[:16]}.dsse.json"


def ledger_key(sequence: int) -> str:
    """Key of the ledger entry with that sequence number."""
    return f"ledger/{sequence:012d}.dsse.json"


def token_key(sequence: int) -> str:
    """Key of the time-stamp token over the ledger entry with that sequence number."""
    return f"ledger/{sequence:012d}.tsr"


def day_of_key(key: str) -> str | None:
    """The day of a segment's or manifest's key; None for any other key."""
    match = _DAY_KEY.match(key)
    return (match["segment"] or match["manifest"]) if match else None


def ledger_sequence(key: str) -> int | None:
    """The inverse of `ledger_key`; None for any other key."""
    match = LEDGER_KEY.match(key)
    return int(match[1]) if match else None


def token_sequence(key: str) -> int | None:
    """The inverse of `token_key`; None for any other key."""
    match = _TOKEN_KEY.match(key)
    return int(match[1]) if match else None
