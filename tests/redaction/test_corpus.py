"""Records as real systems write them: which parts must go, which must stay, and what must never change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit_trail.redaction import Redaction, Redactor

CORPUS = Path(__file__).parent / "corpus"
Case = dict[str, Any]
FIELDS = {"record", "gone", "kept", "unchanged"}


def cases() -> Iterator[tuple[str, Case]]:
    for path in sorted(CORPUS.glob("*.yaml")):
        for index, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield f"{path.stem}:{index}", case


CASES = dict(cases())
SECRET = [case_id for case_id, case in CASES.items() if "gone" in case]
UNCHANGED = [case_id for case_id, case in CASES.items() if case.get("unchanged")]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture(scope="module")
def redacted(redactor: Redactor) -> dict[str, Redaction]:
    """Every record on its own, once for all tests of this file."""
    return {case_id: redactor.redact(case["record"].encode()) for case_id, case in CASES.items()}


@pytest.mark.parametrize("case_id", SECRET)
def test_secrets_are_gone_and_the_rest_is_kept(redacted: dict[str, Redaction], case_id: str) -> None:
    output = redacted[case_id].data.decode()
    assert [text for text in CASES[case_id]["gone"] if text in output] == [], output
    assert [text for text in CASES[case_id].get("kept", []) if text not in output] == [], output


@pytest.mark.parametrize("case_id", UNCHANGED)
def test_what_is_no_secret_stays_byte_for_byte(redacted: dict[str, Redaction], case_id: str) -> None:
    assert redacted[case_id].data.decode() == CASES[case_id]["record"]
    assert not any(redacted[case_id].counts.values())


@pytest.mark.parametrize("case_id", SECRET)
def test_json_stays_json(redacted: dict[str, Redaction], case_id: str) -> None:
    """The whole record, and each line of it: a record of several lines is several records or one."""
    before, after = CASES[case_id]["record"], redacted[case_id].data.decode()
    assert after.count("\n") == before.count("\n")
    for old, new in [(before, after), *zip(before.split("\n"), after.split("\n"), strict=True)]:
        if is_json(old):
            assert is_json(new), new


@pytest.mark.parametrize("case_id", SECRET)
def test_a_second_redaction_finds_nothing(
    redactor: Redactor, redacted: dict[str, Redaction], case_id: str
) -> None:
    once = redacted[case_id].data
    again = redactor.redact(once)
    assert again.data == once
    assert not any(again.counts.values()), dict(again.counts)


@pytest.mark.parametrize("case_id", SECRET)
def test_findings_describe_the_redaction(
    redactor: Redactor, redacted: dict[str, Redaction], case_id: str
) -> None:
    """Replacing what find() names gives what redact() gives, so a dry run shows the truth."""
    data = CASES[case_id]["record"].encode()
    pieces, position = [], 0
    for finding in redactor.find(data):
        assert position <= finding.start < finding.end <= len(data)
        pieces += [data[position : finding.start], finding.replacement]
        position = finding.end
    assert b"".join([*pieces, data[position:]]) == redacted[case_id].data


@pytest.mark.parametrize("block_bytes", [1, 61, 65_536])
def test_blocks_cut_anywhere_give_the_same(redactor: Redactor, block_bytes: int) -> None:
    """All records one after the other, as one stream."""
    data = "\n".join(case["record"] for case in CASES.values()).encode()
    blocks = (data[start : start + block_bytes] for start in range(0, len(data), block_bytes))
    assert b"".join(part.data for part in redactor.redact_blocks(blocks)) == redactor.redact(data).data


def test_the_corpus_is_well_formed() -> None:
    """A secret that is not in its record would be absent from the output for no merit of the redaction."""
    records = [case["record"] for case in CASES.values()]
    assert len(records) == len(set(records))
    for case_id, case in CASES.items():
        assert case.keys() <= FIELDS, case_id
        assert ("gone" in case) != ("unchanged" in case), case_id
        for text in [*case.get("gone", []), *case.get("kept", [])]:
            assert text and text in case["record"], case_id


def is_json(text: str) -> bool:
    """Objects and arrays only: a bare number or word is JSON by accident."""
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
