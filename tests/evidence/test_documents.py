"""Manifests and ledger entries: every field of every document, tampered with.

A valid document is taken apart into the paths of all its fields. Each is
removed, renamed, given another type and accompanied by a stranger; the error
must be an `IntegrityError` that names it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.airflow_run import AirflowRun
from audit_trail.evidence.ledger_entry import (
    FailedCheck,
    Gap,
    Genesis,
    KeyRevocation,
    KeyRotation,
    Policy,
    Sample,
    Seal,
    SealedObject,
    Totals,
    Verification,
    encode_entry,
    parse_entry,
)
from audit_trail.evidence.manifest import (
    Input,
    InputPart,
    Manifest,
    Redaction,
    Segment,
    StoredVersion,
    encode_manifest,
    parse_manifest,
)
from audit_trail.evidence.public_key import PublicKey

Path = tuple[str | int, ...]
A, B, C = "a" * 64, "b" * 64, "c" * 64
WHERE = "some/key.dsse.json"

MANIFEST = Manifest(
    archive="audit-trail",
    genesis=A,
    date="2026-01-09",
    revision=2,
    inputs=(
        Input(
            source="api",
            uri="file:///var/log/api.jsonl",
            start=0,
            end=120,
            sha256=B,
            final_newline=False,
            parts=(InputPart(segment=0, records=3),),
            first_event="2026-01-09T00:00:00Z",
            last_event="2026-01-09T23:59:59Z",
            object_version=StoredVersion(
                etag='"9e107d9d372bb6826bd81d3542a419d6"', version_id="3sL4kqtJlcpXroDTDmJ"
            ),
        ),
    ),
    segments=(
        Segment(
            key="logs/source=api/date=2026-01-09/part-00000-cccccccccccccccc.jsonl.zst",
            source="api",
            records=3,
            content_bytes=110,
            content_sha256=A,
            stored_bytes=60,
            stored_sha256=C,
            merkle_root=B,
        ),
    ),
    redaction=Redaction(policy_sha256=A, replacements={"email": 2}),
)
QUIET = MANIFEST.model_copy(update={"inputs": (), "segments": ()})

GENESIS = Genesis(
    archive="audit-trail",
    at="2026-01-01T00:00:00Z",
    keys=(PublicKey(keyid=A, keytype="rsa", scheme="rsassa-pss-sha256", public="pem"),),
    policy=Policy(lock_mode="COMPLIANCE", retain_days=2555, algorithms=("rsassa-pss-sha256",)),
)


def sealed(key: str) -> SealedObject:
    return SealedObject(
        key=key,
        version_id="v1",
        bytes=60,
        sha256=C,
        lock_mode="COMPLIANCE",
        retain_until="2033-01-09T00:00:00Z",
    )


RUN = AirflowRun(
    dag_id="audit_trail_daily",
    run_id="scheduled__2026-01-10T00:00:00+00:00",
    task_id="seal",
    try_number=2,
    dag_version_id="019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
    bundle="dags-folder",
    bundle_version="9e107d9d372bb6826bd81d3542a419d6",
)
SEAL = Seal(
    archive="audit-trail",
    genesis=A,
    sequence=4,
    previous=B,
    at="2026-01-10T00:05:00Z",
    date="2026-01-09",
    interval_start="2026-01-09T00:00:00Z",
    interval_end="2026-01-10T00:00:00Z",
    revision=2,
    reason="late data",
    manifest=sealed("manifests/date=2026-01-09/r0002-cccccccccccccccc.dsse.json"),
    objects=(sealed("logs/source=api/date=2026-01-09/part-00000-cccccccccccccccc.jsonl.zst"),),
    totals=Totals(inputs=1, segments=1, records=3, content_bytes=110, stored_bytes=60),
    run=RUN,
)
VERIFICATION = Verification(
    archive="audit-trail",
    genesis=A,
    sequence=5,
    previous=B,
    at="2026-01-10T00:06:00Z",
    date="2026-01-09",
    passed=7,
    failed=1,
    unverifiable=0,
    sample=Sample(seed=B, seed_sequence=4, population=30, size=20),
    failures=(FailedCheck(check="object.sha256", where="logs/x"),),
    run=RUN.model_copy(update={"task_id": "verify_sample"}),
)

LINKED = {"archive": "audit-trail", "genesis": A, "sequence": 6, "previous": B, "at": "2026-01-10T00:07:00Z"}
OTHER_KEYS = (PublicKey(keyid=C, keytype="rsa", scheme="rsassa-pss-sha256", public="pem"),)
GAP = Gap(**LINKED, date="2026-01-08", reason="nobody was there")
ROTATION = KeyRotation(**LINKED, keys=OTHER_KEYS)
REVOCATION = KeyRevocation(**LINKED, keyid=A, from_sequence=3, reason="stolen", keys=OTHER_KEYS)

Parse = Callable[[bytes], Any]
ENTRIES = {
    "genesis": GENESIS,
    "seal": SEAL,
    "verification": VERIFICATION,
    "gap": GAP,
    "key-rotation": ROTATION,
    "key-revocation": REVOCATION,
}
DOCUMENTS: dict[str, bytes] = {
    "manifest": encode_manifest(MANIFEST),
    **{name: encode_entry(entry) for name, entry in ENTRIES.items()},
}
OPTIONAL = {
    ("seal", "reason"),
    ("manifest", "first_event"),
    ("manifest", "last_event"),
    ("manifest", "object_version"),
    ("manifest", "version_id"),
    *(
        (kind, name)
        for kind in ("seal", "verification")
        for name in ("run", "dag_version_id", "bundle", "bundle_version")
    ),
}
MAY_BE_NAMED = {"replacements"}


def parse(name: str, payload: bytes) -> Any:
    return parse_manifest(payload, where=WHERE) if name == "manifest" else parse_entry(payload, where=WHERE)


def fields(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every field of every object in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        if isinstance(name, str):
            yield (*path, name)
        yield from fields(inner, (*path, name))


def changed(name: str, path: Path, change: Callable[[dict[str, Any], str], None]) -> bytes:
    value = json.loads(DOCUMENTS[name])
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    change(holder, str(path[-1]))
    return canonical.encode(value)


def refusal(name: str, payload: bytes) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        parse(name, payload)
    assert caught.value.where == WHERE
    return caught.value


def remove(holder: dict[str, Any], field: str) -> None:
    del holder[field]


def rename(holder: dict[str, Any], field: str) -> None:
    holder[f"{field}_"] = holder.pop(field)


def add(holder: dict[str, Any], field: str) -> None:
    holder[f"{field}_too"] = copy.deepcopy(holder[field])


def setter(value: Any) -> Callable[[dict[str, Any], str], None]:
    def replace(holder: dict[str, Any], field: str) -> None:
        holder[field] = value

    return replace


ALL_FIELDS = [(name, path) for name, data in DOCUMENTS.items() for path in fields(json.loads(data))]
# A rule's name inside `replacements` is the operator's, not the format's.
FIXED = [(name, path) for name, path in ALL_FIELDS if not MAY_BE_NAMED & set(path[:-1])]
every_field = pytest.mark.parametrize(
    ("name", "path"), FIXED, ids=[f"{name}.{'.'.join(map(str, path))}" for name, path in FIXED]
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_valid_document_is_read_back_the_same(name: str) -> None:
    document = parse(name, DOCUMENTS[name])
    assert document == (MANIFEST if name == "manifest" else ENTRIES[name])
    again = encode_manifest(document) if name == "manifest" else encode_entry(document)
    assert again == DOCUMENTS[name]


@every_field
def test_a_removed_field_is_named(name: str, path: Path) -> None:
    payload = changed(name, path, remove)
    if (name, path[-1]) in OPTIONAL:
        assert getattr(deep(parse(name, payload), path[1:-1]), str(path[-1])) is None
    else:
        assert str(path[-1]) in str(refusal(name, payload))


def deep(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step] if isinstance(step, int) else getattr(document, step)
    return document


@every_field
def test_a_renamed_field_is_named(name: str, path: Path) -> None:
    assert str(path[-1]) in str(refusal(name, changed(name, path, rename)))


@every_field
def test_a_field_that_does_not_belong_is_named(name: str, path: Path) -> None:
    assert f"{path[-1]}_too" in str(refusal(name, changed(name, path, add)))


@every_field
def test_a_value_of_another_kind_is_refused_or_another_valid_document(name: str, path: Path) -> None:
    """What is read is never the same as before, and never something that is written differently."""
    for other in ("", "x", "1", -1, 2**53 - 1, True, [], {}, [["x"]], {"x": "x"}):
        payload = changed(name, path, setter(other))
        assert payload != DOCUMENTS[name]
        try:
            document = parse(name, payload)
        except IntegrityError as error:
            assert error.where == WHERE
            continue
        assert (encode_manifest(document) if name == "manifest" else encode_entry(document)) == payload


@every_field
def test_another_type_is_named(name: str, path: Path) -> None:
    """A number for a text, a text for a number, and so on: never coerced."""

    def other_type(holder: dict[str, Any], field: str) -> None:
        value = holder[field]
        holder[field] = (
            [value] if isinstance(value, bool | dict)
            else str(value) if isinstance(value, int)
            else 1
        )  # fmt: skip

    assert str(path[-1]) in str(refusal(name, changed(name, path, other_type)))


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("constant", ["version", "sequence"])
def test_true_is_not_one(name: str, constant: str) -> None:
    if constant == "sequence" and name == "manifest":
        constant = "revision"
    payload = changed(name, ("predicate", constant), setter(True))
    assert constant in str(refusal(name, payload))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_another_version_is_refused(name: str) -> None:
    payload = changed(name, ("predicate", "version"), setter(2))
    assert "version" in str(refusal(name, payload))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("date",), "2026-02-30", id="no such day"),
        pytest.param(("date",), "2026-1-9", id="short date"),
        pytest.param(("date",), "20260109", id="basic ISO date"),
        pytest.param(("date",), "2026-W02-5", id="week date"),
        pytest.param(("date",), "\u0662\u0660\u0662\u0666-01-09", id="digits of another script in a date"),
        pytest.param(("at",), "2026-01-10T00:05:00+00:00", id="offset for Z"),
        pytest.param(("at",), "2026-01-10T00:05:00.0Z", id="fraction"),
        pytest.param(("at",), "2026-01-10t00:05:00z", id="lower case"),
        pytest.param(("at",), "2026-01-10T24:00:00Z", id="hour 24"),
        pytest.param(("at",), "2026-01-10T23:59:60Z", id="leap second"),
        pytest.param(("at",), "2026-01-10T00:05:00Z\n", id="newline behind a time"),
        pytest.param(
            ("at",), "\u0662\u0660\u0662\u0666-01-10T00:05:00Z", id="digits of another script in a time"
        ),
        pytest.param(("genesis",), "A" * 64, id="upper-case digest"),
        pytest.param(("genesis",), "a" * 63, id="short digest"),
        pytest.param(("genesis",), "a" * 64 + "\n", id="newline behind a digest"),
        pytest.param(("sequence",), 0, id="a second entry 0"),
        pytest.param(("revision",), 0, id="revision 0"),
        pytest.param(("revision",), 10_000, id="revision of five digits"),
        pytest.param(("archive",), "x" * 4097, id="endless name"),
        pytest.param(("manifest", "lock_mode"), "NONE", id="no lock"),
        pytest.param(("totals", "records"), -1, id="negative count"),
    ],
)
def test_a_value_out_of_range_is_named(path: Path, value: Any) -> None:
    payload = changed("seal", ("predicate", *path), setter(value))
    assert str(path[-1]) in str(refusal("seal", payload))


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param([], id="none"),
        pytest.param([{"name": "another", "digest": {"sha256": C}}], id="another name"),
        pytest.param([{"name": None, "digest": {"sha256": A}}], id="another digest"),
        pytest.param([{"name": None, "digest": {"sha256": C}}] * 2, id="twice"),
    ],
)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_subjects_that_are_not_what_the_predicate_names_are_refused(
    name: str, subject: list[dict[str, Any]]
) -> None:
    value = json.loads(DOCUMENTS[name])
    there = value["subject"][0]
    if subject and subject[0]["digest"]["sha256"] == there["digest"]["sha256"] and len(subject) == 1:
        subject = [subject[0] | {"digest": {"sha256": B if there["digest"]["sha256"] == A else A}}]
    value["subject"] = [item | {"name": item["name"] or there["name"]} for item in subject]
    assert "subject" in str(refusal(name, canonical.encode(value)))


def test_segments_in_another_order_than_their_subjects_are_refused() -> None:
    other = MANIFEST.segments[0].model_copy(update={"key": "logs/other", "stored_sha256": B, "records": 0})
    two = MANIFEST.model_copy(update={"segments": (*MANIFEST.segments, other)})
    value = json.loads(encode_manifest(two))
    parse_manifest(canonical.encode(value), where=WHERE)
    value["subject"].reverse()
    assert "subjects" in str(refusal("manifest", canonical.encode(value)))


@pytest.mark.parametrize(
    "parts", [(), (InputPart(segment=0, records=2),), (InputPart(segment=1, records=3),)]
)
def test_segments_hold_exactly_the_records_of_their_inputs(parts: tuple[InputPart, ...]) -> None:
    inputs = (MANIFEST.inputs[0].model_copy(update={"parts": parts}),)
    payload = encode_manifest(MANIFEST.model_copy(update={"inputs": inputs}))
    assert "does not hold the records" in str(refusal("manifest", payload))


def test_a_segment_holds_what_several_inputs_gave_it() -> None:
    one = MANIFEST.inputs[0]

    def manifest(*parts: InputPart) -> bytes:
        inputs = tuple(one.model_copy(update={"parts": (part,)}) for part in parts)
        return encode_manifest(MANIFEST.model_copy(update={"inputs": inputs}))

    parse_manifest(manifest(InputPart(segment=0, records=1), InputPart(segment=0, records=2)), where=WHERE)
    for last in (1, 3):
        payload = manifest(InputPart(segment=0, records=1), InputPart(segment=0, records=last))
        error = refusal("manifest", payload)
        assert (error.expected, error.found) == (f"{1 + last} records", "3 records")


def test_inputs_give_no_records_to_a_segment_that_is_not_there() -> None:
    """Else whoever drops the last segment before it is signed would not be noticed."""
    parts = (*MANIFEST.inputs[0].parts, InputPart(segment=1, records=2))
    inputs = (MANIFEST.inputs[0].model_copy(update={"parts": parts}),)
    payload = encode_manifest(MANIFEST.model_copy(update={"inputs": inputs}))
    error = refusal("manifest", payload)
    assert (error.expected, error.found) == ("2 records", "0 records")
    assert "segment 1 " in error.what


def test_a_quiet_day_speaks_of_its_policy() -> None:
    """in-toto wants a subject; there are no segments to name."""
    payload = encode_manifest(QUIET)
    assert json.loads(payload)["subject"] == [{"name": "redaction-policy", "digest": {"sha256": A}}]
    quiet = parse_manifest(payload, where=WHERE)
    assert (quiet.records, quiet.content_bytes) == (0, 0)


def test_totals_of_a_manifest_are_those_of_its_segments() -> None:
    twice = MANIFEST.model_copy(update={"segments": MANIFEST.segments * 2})
    assert (twice.records, twice.content_bytes) == (6, 220)


def test_subjects_of_ledger_entries_say_what_is_stated() -> None:
    def subject(name: str) -> tuple[str, str]:
        only = json.loads(DOCUMENTS[name])["subject"]
        assert len(only) == 1
        return only[0]["name"], only[0]["digest"]["sha256"]

    assert subject("genesis") == ("key:rsassa-pss-sha256", A)
    assert subject("seal") == (SEAL.manifest.key, SEAL.manifest.sha256)
    assert subject("verification") == ("ledger/000000000004.dsse.json", B)
    assert subject("gap") == ("ledger/000000000005.dsse.json", B)
    assert subject("key-rotation") == subject("key-revocation") == ("key:rsassa-pss-sha256", C)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_names_on_paper_are_those_of_the_format(name: str) -> None:
    """Whoever reads an archive in ten years has these words, not this code."""
    statement = json.loads(DOCUMENTS[name])
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    if name == "manifest":
        assert statement["predicateType"] == "urn:audit-trail:manifest:v1"
    else:
        assert statement["predicateType"] == "urn:audit-trail:ledger-entry:v1"
        assert statement["predicate"]["kind"] == name


@pytest.mark.parametrize(
    ("name", "path", "allowed", "refused"),
    [
        ("genesis", ("policy", "retain_days"), (1, 36_500), (0, 36_501)),
        ("genesis", ("policy", "timestamp_hours"), (1, 744), (0, 745)),
        ("genesis", ("policy", "lock_mode"), ("COMPLIANCE", "GOVERNANCE"), ("NONE",)),
        ("seal", ("manifest", "lock_mode"), ("COMPLIANCE", "GOVERNANCE"), ("governance",)),
        ("seal", ("revision",), (1, 9999), (0, 10_000)),
        ("manifest", ("revision",), (1, 9999), (0, 10_000)),
        ("seal", ("sequence",), (1,), (0,)),
        ("key-revocation", ("from_sequence",), (1,), (0,)),
        ("verification", ("sample", "by_checksum"), (1, 20), (0, 21)),
        ("seal", ("run", "try_number"), (1,), (0,)),
        (
            "seal",
            ("run", "dag_id"),
            ("x" * 250, "%E2%82%AC" * 250, "%F0%9F%98%80" * 250, "a_.~:+-Z9"),
            ("", "x" * 251),
        ),
        (
            "verification",
            ("run", "run_id"),
            ("%20" * 250,),
            ("%20" * 251, "%E2%82%AC" * 251, "%F0%9F%98%80" * 251),
        ),
        (
            "seal",
            ("run", "dag_version_id"),
            ("00000000-0000-0000-0000-000000000000",),
            (
                "019B9E5A-6F3C-7C52-9D0E-5F4D1C2B3A49",
                "019b9e5a6f3c7c529d0e5f4d1c2b3a49",
                "019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49\n",
                "{019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49}",
                "x019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
                "019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a4",
                "019b9e5A-6f3c-7c52-9d0e-5f4d1c2b3a49",
                "019b9e5a-6f3C-7c52-9d0e-5f4d1c2b3a49",
                "019b9e5a-6f3c-7C52-9d0e-5f4d1c2b3a49",
                "019b9e5a-6f3c-7c52-9D0e-5f4d1c2b3a49",
                "019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3A49",
                "3",
            ),
        ),
    ],
)
def test_ends_of_ranges(name: str, path: Path, allowed: tuple[Any, ...], refused: tuple[Any, ...]) -> None:
    for value in allowed:
        parse(name, changed(name, ("predicate", *path), setter(value)))
    for value in refused:
        payload = changed(name, ("predicate", *path), setter(value))
        assert str(path[-1]) in str(refusal(name, payload))


@pytest.mark.parametrize("field", ["dag_id", "run_id", "task_id", "bundle", "bundle_version"])
@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param("a b", id="blank"),
        pytest.param("a\n", id="newline"),
        pytest.param("a/b", id="slash"),
        pytest.param('a"b', id="quote"),
        pytest.param("\u20ac", id="not ASCII"),
        pytest.param("%e2%82%ac", id="lower-case hex"),
        pytest.param("%41", id="a letter that stands for itself"),
        pytest.param("%2B", id="a plus that stands for itself"),
        pytest.param("%", id="percent alone"),
        pytest.param("%4", id="one digit"),
        pytest.param("%FF", id="not UTF-8"),
        pytest.param("%ED%A0%80", id="surrogate"),
        pytest.param("%C0%AF", id="overlong"),
    ],
)
def test_a_name_of_airflow_has_one_spelling(field: str, spelled: str) -> None:
    payload = changed("seal", ("predicate", "run", field), setter(spelled))
    assert field in str(refusal("seal", payload))


@pytest.mark.parametrize("name", ["gap", "key-rotation", "key-revocation", "genesis"])
def test_only_seals_and_verifications_name_a_run(name: str) -> None:
    payload = changed(name, ("predicate", "run"), setter(RUN.to_json()))
    assert "run" in str(refusal(name, payload))


@pytest.mark.parametrize("entry", [GENESIS, ROTATION, REVOCATION], ids=lambda entry: entry.kind)
def test_keys_are_one_to_eight(entry: Any) -> None:
    def with_keys(count: int) -> bytes:
        return encode_entry(entry.model_copy(update={"keys": entry.keys * count}))

    for count in (1, 8):
        assert len(parse(entry.kind, with_keys(count)).keys) == count
    for count in (0, 9):
        assert "keys" in str(refusal(entry.kind, with_keys(count)))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_manifest_is_no_ledger_entry_nor_the_other_way_round(name: str) -> None:
    with pytest.raises(IntegrityError, match="another kind"):
        parse_entry(DOCUMENTS["manifest"], where=WHERE)
    with pytest.raises(IntegrityError, match="another kind"):
        parse_manifest(DOCUMENTS[name], where=WHERE)


@pytest.mark.parametrize("payload", [b"[]", b"7", b'""', b"{}", b"", b"{", b'{"predicate":7}'])
def test_what_is_no_statement_is_refused(payload: bytes) -> None:
    refusal("manifest", payload)
    refusal("seal", payload)


def test_an_unknown_kind_of_entry_is_refused() -> None:
    payload = changed("seal", ("predicate", "kind"), setter("pause"))
    assert "kind" in str(refusal("seal", payload))


def test_more_failures_than_an_entry_may_list_are_refused() -> None:
    def many(holder: dict[str, Any], field: str) -> None:
        holder[field] = holder[field] * 101

    assert "failures" in str(
        refusal("verification", changed("verification", ("predicate", "failures"), many))
    )


@pytest.mark.parametrize("depth", [150, 400, 3000])
def test_deep_nesting_inside_a_document_is_an_integrity_error(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    refusal("seal", DOCUMENTS["seal"].replace(b'"archive":"audit-trail"', b'"archive":' + nested))
    refusal("manifest", DOCUMENTS["manifest"].replace(b'"archive":"audit-trail"', b'"archive":' + nested))


def test_the_message_does_not_show_the_wrong_value() -> None:
    payload = changed("seal", ("predicate", "at"), setter("hunter2"))
    assert "hunter2" not in str(refusal("seal", payload))
