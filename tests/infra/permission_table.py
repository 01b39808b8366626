"""The table of docs/AWS.md: which call needs which permissions on what, and who makes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "AWS.md"
KINDS = {
    "bucket": "archive",
    "objects": "archive",
    "encryption key": "archive",
    "staging bucket": "staging",
    "staging objects": "staging",
    "source bucket": "source",
    "source objects": "source",
    "source key": "source",
    "log group": "logs",
    "parameter": "ssm",
    "settings": "ssm",
    "signing key": "kms",
    "namespace": "cloudwatch",
    "account": "",
    "policies of AWS": "iam",
}
"""What is acted on, and the place of the call: a bucket's, or the service; empty: the call's own service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    call: str
    needs: frozenset[str]
    on: str
    who: frozenset[str]

    @property
    def place(self) -> str:
        """Where it is called."""
        return KINDS[self.on] or self.call.partition(":")[0]


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
    assert {row.on for row in rows} == set(KINDS)
    return rows
