"""The script refuses fields that the format does not know, and the lack of those that it wants.

All is signed by the archive's own keys, and whoever asks holds the digest of that very genesis:
only the fields tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from typing import Any

import pytest
from tests.reporting.conftest import LAST
from tests.reporting.opened_pack import OpenedPack, Verdict, needs_tools

from audit_trail.evidence import canonical
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import parse_entry
from audit_trail.evidence.manifest import parse_manifest
from audit_trail.evidence.object_keys import ledger_key

pytestmark = needs_tools

DOCUMENTS = ["genesis", "seal", "gap", "key-rotation", "key-revocation", "verification", "manifest"]
RUN = {
    "dag_id": "d",
    "run_id": "r",
    "task_id": "t",
    "try_number": 1,
    "dag_version_id": "019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
    "bundle": "b",
    "bundle_version": "v",
}
OPTIONAL: dict[str, dict[str, Any]] = {
    "seal": {"reason": "again", "run": RUN},
    "verification": {"failures": [{"check": "c", "where": "w"}], "run": RUN},
}
MAY_LACK = {
    "predicate.policy.timestamp_hours",
    *(f"predicate.run.{name}" for name in ("dag_version_id", "bundle", "bundle_version")),
    "predicate.sample.by_checksum",
    *(f"predicate.inputs.{name}" for name in ("first_event", "last_event", "object_version.version_id")),
}


class Document:
    """The newest document of its kind, with all fields that it may have; its pack's ledger ends with it."""

    def __init__(self, pack: OpenedPack, kind: str) -> None:
        self.pack, self.kind = pack, kind
        if kind == "manifest":
            self.key = pack.archive.context().ledger().seals_of(LAST)[0].manifest.key
        else:
            self.key = self._cut_behind_the_last(kind)
        envelope = parse_envelope(pack.path(self.key).read_bytes(), where=self.key)
        keyids = {item.keyid for item in envelope.signatures}
        eras = pack.archive.context().ledger().history.eras
        known = {key.keyid: key for era in eras for key in era.keys}
        self.signers = tuple(known[keyid] for keyid in keyids)
        self.statement = pack.statement(self.key)
        self._fill()

    def _cut_behind_the_last(self, kind: str) -> str:
        for path in sorted(self.pack.path("ledger").iterdir(), reverse=True):
            key = f"ledger/{path.name}"
            if self.pack.statement(key)["predicate"]["kind"] == kind:
                return key
            path.unlink()
        raise AssertionError(f"the pack has no {kind}")

    def _fill(self) -> None:
        predicate = self.statement["predicate"]
        if self.kind == "genesis":
            predicate["policy"]["timestamp_hours"] = 24
        elif self.kind == "manifest":
            moments = {"first_event": f"{LAST}T00:00:00Z", "last_event": f"{LAST}T00:00:01Z"}
            predicate["inputs"][0] |= moments | {"object_version": {"etag": "e", "version_id": "v"}}
        predicate |= deepcopy(OPTIONAL.get(self.kind, {}))
        if self.kind == "verification":
            predicate["sample"]["by_checksum"] = predicate["sample"]["size"]

    def verify(self) -> Verdict:
        """Sign it in its place, seal it where it is a manifest, and run the script."""
        self.pack.sign(self.key, self.statement, self.signers)
        if self.kind == "manifest":
            self._reseal()
        self.pack.make_consistent()
        return self.pack.verify(genesis=sha256(self.pack.path(ledger_key(0)).read_bytes()).hexdigest())

    def _reseal(self) -> None:
        data = self.pack.path(self.key).read_bytes()
        seal = Document(self.pack, "seal")
        seal.statement["predicate"]["manifest"] |= {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
        seal.statement["subject"][0]["digest"]["sha256"] = sha256(data).hexdigest()
        self.pack.sign(seal.key, seal.statement, seal.signers)


@pytest.fixture
def document(opened: OpenedPack, request: pytest.FixtureRequest) -> Document:
    return Document(opened, request.param)


every_document = pytest.mark.parametrize("document", DOCUMENTS, indirect=True, ids=str)


def objects_in(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with the place that the script gives its fields; not the one whose fields are rules."""
    if isinstance(value, list):
        for item in value:
            yield from objects_in(item, place)
    elif isinstance(value, dict) and place != "predicate.redaction.replacements.":
        yield place, value
        for name, item in value.items():
            yield from objects_in(item, f"{place}{name}.")


def named(verdict: Verdict, document: Document, what: str) -> set[str]:
    """The fields of this document that the script names in its failures."""
    kind = "manifests" if document.kind == "manifest" else "ledger"
    return set(
        re.findall(
            rf"^FAIL +{kind} +archive/{re.escape(document.key)} {what}: (.+)$", verdict.out, re.MULTILINE
        )
    )


@every_document
def test_every_field_that_the_format_knows_is_taken(document: Document) -> None:
    parse = parse_manifest if document.kind == "manifest" else parse_entry
    parse(canonical.encode(document.statement), where="x")
    verdict = document.verify()
    assert "genesis" not in verdict.failed
    assert not verdict.failed & {"ledger", "manifests", "signers", "RSA-PSS signatures", "ML-DSA signatures"}


@every_document
def test_an_unknown_field_anywhere_is_named(document: Document) -> None:
    places = list(objects_in(document.statement))
    for _, holder in places:
        holder["colour"] = "blue"
    verdict = document.verify()
    assert verdict.status == 1
    assert verdict.failed == {"manifests" if document.kind == "manifest" else "ledger"}
    found = named(verdict, document, "holds a field that the format does not know")
    assert found == {f"{place}colour" for place, _ in places}


@every_document
def test_a_missing_field_anywhere_is_named(document: Document) -> None:
    lost = set()
    for place, holder in list(objects_in(document.statement)):
        for name in [name for name, value in holder.items() if not isinstance(value, dict | list)]:
            # Without its kind no entry has fields that it must have.
            if (place, name) != ("predicate.", "kind"):
                del holder[name]
                lost.add(f"{place}{name}")
    if document.kind == "seal":
        lost.discard("predicate.reason")
    verdict = document.verify()
    assert verdict.status == 1
    assert named(verdict, document, "lacks the field") == lost - MAY_LACK


def test_the_name_of_an_unknown_field_cannot_speak_to_the_terminal(opened: OpenedPack) -> None:
    document = Document(opened, "gap")
    document.statement["predicate"]["\x1b[2J\n" + "x" * 5000] = 1
    verdict = document.verify()
    assert verdict.status == 1
    assert verdict.failed == {"ledger"}
    assert "\x1b" not in verdict.out
    assert max(len(line) for line in verdict.out.splitlines()) < 300


def test_a_part_that_is_no_object_has_no_fields(opened: OpenedPack) -> None:
    document = Document(opened, "verification")
    document.statement["predicate"]["sample"] = ["seed"]
    verdict = document.verify()
    assert (verdict.status, verdict.failed) == (1, {"ledger"})
