"""Nothing is sealed that no verification would read: once it is locked, nobody can mend it."""

from __future__ import annotations

import pytest
from tests.pipeline.conftest import DAY, Archive

from audit_trail.archive.ledger import MAX_ENTRY_BYTES
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.canonical import MAX_DOCUMENT_BYTES
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import Seal, SealedObject, Totals
from audit_trail.pipeline.ledger_writer import append_entry, linked


def test_the_largest_document_is_read_and_a_byte_more_is_not_signed(archive: Archive) -> None:
    """In base64 a payload is a third longer: what fits as a statement need not fit as an envelope."""
    context = archive.context()
    view = context.ledger()
    around = len(context.signed(view, b"", where="x"))
    payload = bytes((MAX_DOCUMENT_BYTES - around) // 4 * 3)
    data = context.signed(view, payload, where="x")
    assert MAX_DOCUMENT_BYTES - 4 < len(data) <= MAX_DOCUMENT_BYTES
    assert parse_envelope(data, where="x").payload == payload
    with pytest.raises(ConfigurationError, match="more inputs than one signed document") as caught:
        context.signed(view, payload + b"x", where="manifest")
    assert (caught.value.where, caught.value.expected) == ("manifest", f"at most {MAX_DOCUMENT_BYTES} bytes")
    assert "fewer and larger files" in caught.value.remedy


def test_a_seal_too_large_to_be_read_does_not_end_the_ledger(archive: Archive) -> None:
    context = archive.context()
    view = context.ledger()
    item = SealedObject(
        key=f"logs/source=app/date={DAY}/{'x' * 4000}",
        version_id="v",
        bytes=1,
        sha256="0" * 64,
        lock_mode="COMPLIANCE",
        retain_until="2100-01-01T00:00:00Z",
    )
    entry = Seal(
        **linked(context, view),
        date=DAY,
        interval_start=f"{DAY}T00:00:00Z",
        interval_end="2026-03-15T00:00:00Z",
        revision=1,
        manifest=item,
        objects=(item,) * (MAX_ENTRY_BYTES * 3 // 4 // 4000),
        totals=Totals(inputs=1, segments=1, records=1, content_bytes=1, stored_bytes=1),
    )
    with pytest.raises(ConfigurationError, match="more inputs"):
        append_entry(context, lambda _: entry)
    assert context.ledger().head == view.head
    assert archive.processor().process_daily_logs(DAY).sealed.new
