r"""Where the value after a sensitive key begins and ends.

A value may sit in JSON, in JSON that is a string in other JSON (`\"pin\":1`),
in Python's notation, in logfmt, a query, a header or a sentence, and the
bytes do not say which. The rules here prefer, in this order: JSON stays JSON;
the whole secret goes; nothing else goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from audit_trail.redaction.checks import backslashes_before, quote_escape

PLACEHOLDER = re.compile(rb"\[REDACTED:[a-z0-9-]+\]")

_SEPARATOR_TAIL = re.compile(rb"[=>]?[ \t]*")
_OPENING = re.compile(rb"(\\*)([\"'])")
_NOTHING = re.compile(rb"(?:null|None|nil|undefined)\b")
_LITERAL = re.compile(rb"(?:-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[tT]rue|[fF]alse)(?![\w.+-])")
_DOUBLE_STOP = re.compile(rb"[\"\n]")
_SINGLE_STOP = re.compile(rb"['\"\n]")
# What may follow a closing quote in JSON; an opening one is taken to be
# followed by something else.
_AFTER_CLOSING = re.compile(rb"[\s,:}\]]|\\+[nrt\"']|\Z")

_PLAIN = rb"[^\s&,;\"'\\<>)\]}\x00]"
# A comma, bracket or backslash belongs to the value unless what follows says
# that the value is over: a space, another key, a quote, an escaped newline.
_INNER = (
    rb"[,;](?![\s\"'\\]|[\w.-]{1,64}[=:]|\Z)"
    rb"|&(?!(?:amp;)?[\w.%\[\]-]{1,64}=)"
    rb"|[)\]}](?![\s\"',;&)\]}\\<>]|\Z)"
    rb"|\\{1,64}(?![\s\\\"'nrt&,;<>)\]}\x00]|u00(?:0[9aAdD]|2[0267]|3[bcCeE])|\Z)[^\\]"
)
# Possessive, so that a value of many megabytes needs no backtracking stack.
_BARE_SOURCE = rb"(?:" + _PLAIN + rb"++|" + _INNER + rb")"
_BARE = re.compile(_BARE_SOURCE + rb"*+")
_AUTHORIZATION = re.compile(
    rb"(?i:bearer|basic|token|negotiate|ntlm|apikey|api-key|dpop|jwt|key|sharedkey|aws)[ \t]+"
    + _BARE_SOURCE
    + rb"++"
    rb"|(?i:digest|oauth|hawk|signature|aws4-hmac-sha256)"
    rb"(?:[ \t,]{1,4}[\w.-]{1,64}=(?:"
    rb"\\\"[^\"\\\n]*+\\\"|\\\\\\\"[^\"\\\n]*+\\\\\\\"|\"(?![\s,:}\]])[^\"\\\n]*+\"|[^\s,\"'\\]*+))++"
)
_COOKIE = re.compile(rb"[^\s;=\"'\\]++=[^\s;\"'\\]*+(?:;[ \t]*+[^\s;=\"'\\]++(?:=[^\s;\"'\\]*+)?+)*+")
_HEADER_GRAMMARS = {"authorization": _AUTHORIZATION, "cookie": _COOKIE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSpan:
    """A value's place, and the quote to put around its replacement (empty inside quotes)."""

    start: int
    end: int
    quote: bytes = b""


def find_value(data: bytes, after_key: int, *, key_quote: bytes, rule: str) -> ValueSpan | None:
    r"""Find the value that follows a key.

    Args:
        data: The whole buffer.
        after_key: Offset just behind the separator.
        key_quote: What closed the key (`"`, `\"`, `'`, or nothing).
        rule: Name of the key's rule; headers have a grammar of their own.

    Returns:
        The span, or None when there is nothing to replace: no value, `null`,
        a value already replaced, or an object or array under a quoted key.
    """
    tail = _SEPARATOR_TAIL.match(data, after_key)
    start = tail.end() if tail else after_key
    if _NOTHING.match(data, start):
        return None
    opening = _OPENING.match(data, start)
    if opening:
        run = len(opening.group(1))
        closing = opening.group() != key_quote and _AFTER_CLOSING.match(data, opening.end())
        if closing or quote_escape(run) != run:
            return None
        return _unless_replaced(data, _quoted(data, opening.end(), opening.group(1), opening.group(2)))
    return _quoted_key_value(data, start, key_quote, rule) if key_quote else _text_value(data, start, rule)


def find_option_value(data: bytes, start: int) -> ValueSpan | None:
    """Find the argument of `--password`, unless another option follows."""
    if data[start : start + 1] == b"-":
        return None
    return find_value(data, start, key_quote=b"", rule="")


def find_parameter_value(data: bytes, start: int, *, min_bytes: int) -> ValueSpan | None:
    """Find the value of a query parameter that has at least `min_bytes` bytes."""
    span = _bare(data, start, "")
    return span if span and span.end - span.start >= min_bytes else None


def _quoted_key_value(data: bytes, start: int, key_quote: bytes, rule: str) -> ValueSpan | None:
    literal = _LITERAL.match(data, start)
    if literal:
        return ValueSpan(start=start, end=literal.end(), quote=key_quote)
    return None if data[start : start + 1] in (b"{", b"[") else _bare(data, start, rule)


def _text_value(data: bytes, start: int, rule: str) -> ValueSpan | None:
    # `Token::new` and `secret://path` are names, not values.
    if data[start : start + 1] == b":" or data[start : start + 2] == b"//":
        return None
    return _bare(data, start, rule)


def _quoted(data: bytes, start: int, escape: bytes, quote: bytes) -> ValueSpan:
    """Up to the closing quote of the same nesting depth, or of one around it, or the line's end."""
    stop = _DOUBLE_STOP if quote == b'"' else _SINGLE_STOP
    position = start
    while True:
        found = stop.search(data, position)
        if found is None or found.group() == b"\n":
            end = found.start() if found else len(data)
            return ValueSpan(start=start, end=end - data[start:end].endswith(b"\r"))
        run = backslashes_before(data, found.start(), position)
        depth = quote_escape(run)
        if quote == b'"':
            closes = depth <= len(escape)
        elif found.group() == b"'":
            closes = run <= len(escape)
        else:  # may close the JSON string around a value in single quotes
            closes = _AFTER_CLOSING.match(data, found.end()) is not None
        if closes:
            return ValueSpan(start=start, end=found.start() - depth)
        position = found.end()


def _bare(data: bytes, start: int, rule: str) -> ValueSpan | None:
    replaced = PLACEHOLDER.match(data, start)
    if replaced:
        rest = _BARE.match(data, replaced.end())
        if rest is None or rest.end() == replaced.end():
            return None
        return ValueSpan(start=start, end=rest.end())
    end = start
    grammar = _HEADER_GRAMMARS.get(rule)
    header = grammar.match(data, start) if grammar else None
    if header:
        end = header.end()
    # Also behind a header's own grammar: no rest may look like a value next time.
    rest = _BARE.match(data, end)
    end = rest.end() if rest else end
    return None if end == start else ValueSpan(start=start, end=end)


def _unless_replaced(data: bytes, span: ValueSpan) -> ValueSpan | None:
    if span.start == span.end or PLACEHOLDER.fullmatch(data, span.start, span.end):
        return None
    return span
