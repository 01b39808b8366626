"""The table of docs/AWS.md: which call needs which permissions on what, and who makes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "AWS.md"
KINDS = {"bucket", "objects", "parameter", "encryption key", "signing key", "namespace"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    call: str
    needs: frozenset[str]
    on: str
    who: frozenset[str]


def permission_table() -> list[Row]:
    """All its lines."""
    section = DOCUMENT.read_text("utf-8").partition("## What the calls need")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| `([a-z0-9]+:\w+)` \| ([^|]+) \| ([^|]+) \| ([wrf ]+) \|", section, re.MULTILINE)
    rows = [
        Row(
            call=call,
            needs=frozenset(re.findall(r"`([^`]+)`", needs)),
            on=on.strip(),
            who=frozenset(who.split()),
        )
        for call, needs, on, who in lines
    ]
    assert {row.on for row in rows} == KINDS
    return rows
