"""Runs `audit-trail` with its costly calls counted; the counts go to $PIPELINE_PROFILE as JSON.

Costs a few percent itself. Run by `profile.py`, never imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.pipeline.exclusive_clock import ExclusiveClock

CLOCK = ExclusiveClock()


class CountedHash:
    """A SHA-256 whose updates are counted."""

    def __init__(self, data: bytes = b"") -> None:
        self._hash = hashlib.sha256()
        self.update(data)
        self.digest = self._hash.digest
        self.hexdigest = self._hash.hexdigest

    def update(self, data: Any) -> None:
        """As `hashlib` has it."""
        with CLOCK.of("SHA-256"):
            self._hash.update(data)


class CountedCompressor:
    """A zstd compressor whose work is counted."""

    def __init__(self, compressor: Any) -> None:
        made = compressor.compressobj()
        self.compress = CLOCK.wrapped("zstd", made.compress)
        self.flush = CLOCK.wrapped("zstd", made.flush)


def count_everything() -> None:
    """Put the clock around what is known to be costly."""
    import zstandard

    from audit_trail.archive import s3_store
    from audit_trail.evidence import merkle, paired_hashing, segment
    from audit_trail.pipeline import hashed_file, local_staging, sanitize, segment_packer
    from audit_trail.sources import event_time, sealed_ranges, stored_file

    for module in (segment, sanitize):
        module.sha256 = CountedHash  # type: ignore[attr-defined]
    for other in (hashed_file, local_staging, sealed_ranges):
        other.__dict__["hashlib"] = type("hashlib", (), {"sha256": CountedHash})
    made = zstandard.ZstdCompressor
    zstandard.ZstdCompressor = lambda **options: type(  # type: ignore[assignment,misc]
        "Compressor", (), {"compressobj": lambda _: CountedCompressor(made(**options))}
    )()
    segment._decompressed = CLOCK.iterated("zstd", segment._decompressed)
    for name, owner, method in (
        ("SHA-256", paired_hashing.PairedHash, "update"),
        ("SHA-256", paired_hashing.PairedHash, "finish"),
        ("SHA-256", paired_hashing.PairedHash, "hexdigest"),
        ("Merkle tree, and the content beside it", merkle.MerkleTree, "extend_lines"),
        ("selecting by time", event_time.DaySelection, "select"),
        ("writing staged files", hashed_file.HashedFile, "append"),
        ("counting records", sanitize, "count_newlines"),
        ("counting records", segment_packer, "count_newlines"),
        ("store", s3_store.S3Store, "put_once"),
        ("store", s3_store.S3Store, "head"),
        ("reading logs", stored_file._LocalFile, "read"),
    ):
        setattr(owner, method, CLOCK.wrapped(name, getattr(owner, method)))
    local_staging.LocalStaging.blocks = CLOCK.iterated(  # type: ignore[method-assign]
        "reading staged files", local_staging.LocalStaging.blocks
    )
    s3_store.S3Store.stream = CLOCK.iterated("store", s3_store.S3Store.stream)  # type: ignore[method-assign]
    _count_redaction()


def _count_redaction() -> None:
    with CLOCK.of("loading compiled code"):
        from audit_trail.redaction import Redactor
        from audit_trail.redaction.scanner import Scanner
    for method in ("changed_lines", "scan_lines"):
        setattr(Scanner, method, CLOCK.wrapped("looking again", getattr(Scanner, method)))
    Redactor.__init__ = CLOCK.wrapped("loading compiled code", Redactor.__init__)  # type: ignore[method-assign]
    Redactor.redact_blocks = CLOCK.iterated("redaction", Redactor.redact_blocks)  # type: ignore[method-assign]


def main() -> int:
    """The command's exit status."""
    begin = time.process_time()
    count_everything()
    from audit_trail.cli.command_line import main as command

    with CLOCK.of("everything else"):
        status = command(sys.argv[1:])
    CLOCK.seconds["start-up"] += begin
    total = time.process_time()
    rest = total - sum(CLOCK.seconds.values())
    CLOCK.seconds["everything else"] += max(rest, 0.0)
    Path(os.environ["PIPELINE_PROFILE"]).write_text(json.dumps(CLOCK.seconds))
    return status


if __name__ == "__main__":
    sys.exit(main())
