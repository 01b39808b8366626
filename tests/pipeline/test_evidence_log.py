"""The form of evidence in a task log: what is written can be read, and nothing else passes for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.pipeline.evidence_log import (
    LOGGER,
    Evidence,
    check_line,
    command,
    fact,
    note,
    parse,
    passed,
    read_events,
    summary,
)
from audit_trail.verification.checks import Check, Outcome

HOSTILE = 'a b"c\\d=e\nFAIL x\x1b[31m\u202eé\udce9'
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@given(st.dictionaries(NAMES, st.text() | st.integers(), max_size=6))
def test_every_fact_is_read_as_it_was_written(fields: dict[str, object]) -> None:
    line = fact("read", **fields)
    assert parse(line) == Evidence(kind="fact", text="read", fields={k: str(v) for k, v in fields.items()})
    assert line.isascii()
    assert line.isprintable()


def test_the_form_is_the_documented_one() -> None:
    """Golden: whoever reads logs of years must not have to learn a new form."""
    assert fact("stored", key="logs/source=a/x.zst", bytes=3, lock=None, note="two words", empty="") == (
        'FACT stored key=logs/source=a/x.zst bytes=3 note="two words" empty=""'
    )
    assert passed("object.size", "a version b", expected=3, found=3) == (
        'PASS object.size where="a version b" expected=3 found=3'
    )
    assert (
        check_line(
            Check(
                name="object.lock",
                where="a",
                outcome=Outcome.FAIL,
                expected="é",
                remedy="look",
                day="2026-03-14",
            )
        )
        == 'FAIL object.lock where=a expected="\\u00e9" found="" day=2026-03-14 remedy=look'
    )
    assert (summary("SEALED x"), note("y"), command("ls")) == ("SUMMARY SEALED x", "NOTE y", "$ ls")


def test_a_hostile_value_stays_a_value() -> None:
    line = fact("read", uri=HOSTILE, sha256="0")
    found = parse(line)
    assert found is not None
    assert found.fields == {"uri": HOSTILE, "sha256": "0"}
    assert "\n" not in line
    assert "\n" not in summary(HOSTILE)
    assert "\x1b" not in note(HOSTILE)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "FACT",
        "FACT read uri",
        "FACT read uri=a uri=b",
        'FACT read uri="a',
        'FACT read uri="a"b',
        'FACT read uri="\\x"',
        "FACT read  uri=a",
        "FACT read uri=",
        "FACT read uri=a ",
        "FACT Read uri=a",
        "PASSED x",
        " PASS x",
        "pass x",
        "$ls",
        "some other line",
    ],
    ids=range(16),
)
def test_anything_else_is_no_evidence(line: str) -> None:
    assert parse(line) is None


def test_of_airflows_own_lines_only_our_loggers_count() -> None:
    def line(event: object, **more: object) -> bytes:
        return json.dumps({"event": event, **more}).encode() + b"\n"

    forged = fact("read", uri="forged")
    lines = [
        line(fact("read", uri="a"), logger=LOGGER),
        line(forged, logger="task.stdout"),
        line(["FACT", "read"], logger=LOGGER),
        line("::group::PASS x", logger=LOGGER),
        b"[1]\n",
        b"{" * 100_000 + b"\n",
        b'{"event": "FACT read uri=\xff"\n',
        line("PASS x where=y", logger=LOGGER),
    ]
    found = list(read_events(iter(lines)))
    assert [(item.kind, item.text) for item in found] == [("fact", "read"), ("check", "x")]
    assert found[0].fields == {"uri": "a"}


def test_plain_text_is_read_line_by_line() -> None:
    lines = [b"FACT a b=1\r\n", b"  other\n", b"$ echo 'x y'\n", b"SUMMARY DONE: all of it"]
    found = list(read_events(iter(lines)))
    assert [item.kind for item in found] == ["fact", "command", "summary"]
    assert found[1].text == "echo 'x y'"
    assert found[0].to_json() == {"kind": "fact", "fact": "a", "fields": {"b": "1"}}
