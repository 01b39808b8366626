"""The document that proves one record: one spelling, and nothing else in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical, proof
from audit_trail.evidence.proof import Proof, encode_proof, parse_proof, to_base64

WHOLE: dict[str, Any] = {
    "version": 1,
    "kind": "record-proof",
    "entries": [to_base64(b"genesis"), to_base64(b"seal")],
    "manifest": to_base64(b"manifest"),
    "segment": "logs/source=app/date=2026-01-05/part-00000-0123456789abcdef.log.zst",
    "tree_size": 3,
    "leaf_index": 2,
    "path": ["0" * 64],
    "record": to_base64(b"record \xff"),
}


def refused(value: Any) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        parse_proof(canonical.encode(value), where="proof.json")
    assert caught.value.where == "proof.json"
    return caught.value


def test_it_is_read_as_it_was_written() -> None:
    data = canonical.encode(WHOLE)
    read = parse_proof(data, where="x")
    assert encode_proof(read) == data
    assert read.entry_bytes == (b"genesis", b"seal")
    assert (read.manifest_bytes, read.record_bytes) == (b"manifest", b"record \xff")
    assert read.path_nodes == (bytes(32),)


def test_an_empty_record_and_an_empty_path_are_a_tree_of_one_blank_line() -> None:
    value = WHOLE | {"record": "", "path": [], "tree_size": 1, "leaf_index": 0}
    assert parse_proof(canonical.encode(value), where="x").record_bytes == b""


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_no_field_may_be_missing(name: str) -> None:
    refused({key: value for key, value in WHOLE.items() if key != name})


def test_no_field_may_be_added() -> None:
    assert "more" in refused(WHOLE | {"more": 1}).what


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("version", 2),
        ("version", True),
        ("version", "1"),
        ("kind", "seal"),
        ("entries", []),
        ("entries", [to_base64(b"genesis")]),
        ("entries", ["", 1]),
        ("entries", ["=", ""]),
        ("entries", [""] * (proof.MAX_ENTRIES + 1)),
        ("entries", ""),
        ("manifest", "not base64"),
        ("manifest", 1),
        ("segment", ""),
        ("segment", "x" * 5000),
        ("tree_size", 0),
        ("tree_size", "3"),
        ("tree_size", True),
        ("leaf_index", -1),
        ("leaf_index", "2"),
        ("path", ["0" * 63]),
        ("path", ["A" * 64]),
        ("path", ["0" * 64] * 64),
        ("path", "0" * 64),
        ("record", "cmVjb3Jk\n"),
        ("record", "cmVjb3JkIB=="),
        ("record", []),
    ],
)
def test_wrong_values_are_refused_and_named(name: str, wrong: Any) -> None:
    assert name in refused(WHOLE | {name: wrong}).what


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        canonical.encode(WHOLE) + b"\n",
        json.dumps(WHOLE).encode(),
        b"[" * 100_000,
    ],
)
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_proof(data, where="proof.json")


def test_too_large_a_document_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "MAX_PROOF_BYTES", 100)
    with pytest.raises(IntegrityError, match="too large"):
        parse_proof(canonical.encode(WHOLE), where="x")


def test_the_largest_record_fits_and_one_byte_more_does_not() -> None:
    field = Proof.model_fields["record"]
    (limit,) = (item.max_length for item in field.metadata if hasattr(item, "max_length"))
    assert (
        len(to_base64(bytes(proof.MAX_RECORD_BYTES)))
        <= limit
        < len(to_base64(bytes(proof.MAX_RECORD_BYTES + 3)))
    )
