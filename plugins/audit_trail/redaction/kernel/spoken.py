"""Words that say what the words around them are."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.audit_records import hexadecimal
from audit_trail.redaction.kernel.commands import command, directive, protocol
from audit_trail.redaction.kernel.sentences import named_before, one_time_code, said, said_for
from audit_trail.redaction.kernel.statements import identified_by, inserted
from audit_trail.redaction.kernel.text import (
    COMMAND,
    DIRECTIVE,
    HEXADECIMAL,
    INSERT,
    KEY_TYPE,
    ONE_TIME,
    PROTOCOL,
    QUOTED_AFTER,
    SAID,
    SAID_FOR,
)
from audit_trail.redaction.kernel.web_keys import private_members


@compiled
def by_word(t: Any, kind: int, i: int, rule: int) -> int:
    """Judge the word at `i` by the kind of statement that it may begin; where to go on, or 0."""
    if kind == SAID:
        return said(t, i)
    if kind == QUOTED_AFTER:
        return named_before(t, i)
    if kind == SAID_FOR:
        return said_for(t, i)
    if kind == ONE_TIME:
        return one_time_code(t, i, rule)
    if kind == COMMAND:
        return command(t, i, rule)
    if kind == PROTOCOL:
        return protocol(t, i, rule)
    if kind == DIRECTIVE:
        return directive(t, i)
    if kind == KEY_TYPE:
        return private_members(t, i, rule)
    if kind == INSERT:
        return inserted(t, i)
    if kind == HEXADECIMAL:
        return hexadecimal(t, i, rule)
    return identified_by(t, i)
