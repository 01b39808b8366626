"""How evidence is written into a task log, and read out of one. Pure: values in, text out.

One event of the log is one line of evidence, in one of five forms:

    SUMMARY <a sentence>
    FACT <name> <key>=<value> …
    PASS|FAIL|UNVERIFIABLE <check> <key>=<value> …
    NOTE <a sentence>
    $ <command>

A value is bare, or a JSON string in ASCII; docs/TASK_LOGS.md has the rules. A
command repeats what the lines before it say: it runs in bash as it stands, in
an empty folder, and ends with another status than 0 when something differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from audit_trail.evidence.ledger_entry import Seal, Verification
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.checks import Check, Outcome

LOGGER = "audit_trail.evidence"
"""The logger's name: lines of other loggers are not evidence, whatever they look like."""

Kind = Literal["summary", "fact", "check", "note", "command"]
_BARE = re.compile(r"[A-Za-z0-9._:/@+,%=~\[\]()*-]+\Z")
_FIELD = re.compile(r' ([a-z][a-z0-9_]*)=("(?:[^"\\]|\\.)*"|[^\s"]\S*)(?= |\Z)')
_HEAD = re.compile(r"(FACT|PASS|FAIL|UNVERIFIABLE) ([a-z][a-z0-9._-]*)(?= |\Z)")
_SENTENCES: dict[str, Kind] = {"SUMMARY ": "summary", "NOTE ": "note", "$ ": "command"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One line, read.

    Attributes:
        kind: Of the line.
        text: The sentence or the command; of a fact or check its name.
        outcome: Of a check, else empty.
        fields: Of a fact or check.
    """

    kind: Kind
    text: str
    outcome: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Without empty parts."""
        name = {"fact": "fact", "check": "check"}.get(self.kind, "text")
        value: dict[str, Any] = {"kind": self.kind, name: self.text}
        if self.outcome:
            value["outcome"] = self.outcome
        return value | ({"fields": dict(self.fields)} if self.fields else {})


def summary(sentence: str) -> str:
    """What a task came to, for whoever reads one line only."""
    return f"SUMMARY {_one_line(sentence)}"


def note(sentence: str) -> str:
    """What a reader has to know and no field can say."""
    return f"NOTE {_one_line(sentence)}"


def fact(name: str, **fields: object) -> str:
    """What was read, written, signed or found. None leaves a field out."""
    return f"FACT {name}{_fields(fields)}"


def made_by(entry: Seal | Verification) -> tuple[str, ...]:
    """Which run of Airflow made an entry, as it stands in there; nothing where none did."""
    if entry.run is None:
        return ()
    return (fact("made-by", key=ledger_key(entry.sequence), **entry.run.to_json()),)


def check_line(check: Check) -> str:
    """A check, with what was expected and what was found."""
    fields = {"where": check.where, "expected": check.expected, "found": check.found}
    fields |= {name: value for name, value in (("day", check.day), ("remedy", check.remedy)) if value}
    return f"{check.outcome.value} {check.name}{_fields(fields)}"


def passed(name: str, where: str, *, expected: object, found: object) -> str:
    """A check that a stage made on its way; one that fails raises, and is logged by its error."""
    return check_line(
        Check(name=name, where=where, outcome=Outcome.PASS, expected=str(expected), found=str(found))
    )


def command(text: str) -> str:
    """A command as it is to be typed."""
    return f"$ {text}"


def parse(event: str) -> Evidence | None:
    """Read one event of a log; None when it is no evidence or not in the documented form."""
    for head, kind in _SENTENCES.items():
        if event.startswith(head):
            return Evidence(kind=kind, text=event.removeprefix(head))
    match = _HEAD.match(event)
    if match is None:
        return None
    fields: dict[str, str] = {}
    at = match.end()
    while at < len(event):
        found = _FIELD.match(event, at)
        if found is None or found[1] in fields:
            return None
        try:
            fields[found[1]] = json.loads(found[2]) if found[2].startswith('"') else found[2]
        except ValueError:
            return None
        at = found.end()
    word, name = match[1], match[2]
    if word == "FACT":
        return Evidence(kind="fact", text=name, fields=fields)
    return Evidence(kind="check", text=name, outcome=word, fields=fields)


def read_events(lines: Iterator[bytes]) -> Iterator[Evidence]:
    """The evidence in a task's log file.

    Args:
        lines: Airflow's own (JSON, of which only those of our logger count), or
            plain text, one event a line.
    """
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        event: Any = text
        if text.startswith("{"):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if not isinstance(value, dict) or value.get("logger", LOGGER) != LOGGER:
                continue
            event = value.get("event")
        if isinstance(event, str) and (found := parse(event)) is not None:
            yield found


def _fields(fields: Mapping[str, object]) -> str:
    return "".join(f" {name}={_value(value)}" for name, value in fields.items() if value is not None)


def _value(value: object) -> str:
    text = str(value)
    return text if _BARE.match(text) else json.dumps(text, ensure_ascii=True)


def _one_line(sentence: str) -> str:
    """Without anything that ends a line or steers a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in sentence)
