"""Regular expressions of the token library, in Rust's syntax, as shapes.

Used only to make the token catalogue. What the library writes around a token
(the word that must stand nearby, quotes, ends of words) is left out: only its
first group is the token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from audit_trail.redaction.shape_syntax import class_members

_POSIX_CLASSES = {
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:xdigit:]": "A-Fa-f0-9",
    "[:word:]": r"\w",
}
_FLAGS = re.compile(r"\(\?([a-z]*)(?:-([a-z]*))?\)")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_NO_LIMIT = 1 << 31


class Unfit(Exception):
    """Why a pattern is no shape of ours."""


def shape_source(pattern: str) -> str:
    r"""The shape of a pattern's token.

    Letters of the token's fixed parts are taken as the pattern writes them
    even where it ignores case: that is meant for the word nearby.

    Raises:
        Unfit: There is something in it that shapes do not have.
    """
    parser = import_module("re._parser")
    try:
        tree = parser.parse(_python_syntax(pattern).encode("latin-1"))
    except (re.error, UnicodeEncodeError, OverflowError) as error:
        raise Unfit(f"not to be read: {error}") from None
    ignore_case = bool(tree.state.flags & re.IGNORECASE)
    groups = tree.state.groupdict
    token = _find_group(tree, groups.get("TOKEN", 1), ignore_case)
    if token is not None:
        tree, ignore_case = token
    return _source(tree, ignore_case)


def _python_syntax(pattern: str) -> str:
    """Rust's syntax as Python reads it; flags that begin within a group become a group."""
    for posix, plain in _POSIX_CLASSES.items():
        pattern = pattern.replace(posix, plain)
    pattern = pattern.replace(r"\z", r"\Z")
    verbose = pattern.startswith("(?x)")
    written: list[str] = ["(?x)"] if verbose else []
    open_flags = [0]
    position = 4 if verbose else 0
    while position < len(pattern):
        flags = _FLAGS.match(pattern, position)
        if flags:
            written.append(_flag_group(flags))
            open_flags[-1] += written[-1] != ""
            position = flags.end()
            continue
        end = _end_of_atom(pattern, position)
        atom = pattern[position:end]
        if atom == "(":
            open_flags.append(0)
        elif atom == ")":
            written.append(")" * open_flags.pop())
        elif atom == "|" and open_flags[-1] and position > 0:
            raise Unfit("flags across alternatives")
        written.append(atom)
        position = end
    return "".join(written) + ")" * open_flags.pop()


def _flag_group(flags: re.Match[str]) -> str:
    on, off = "".join(sorted(set(flags[1]) & {"i"})), "".join(sorted(set(flags[2] or "") & {"i"}))
    if not on and not off:
        return ""
    return f"(?{on}{'-' if off else ''}{off}:"


def _end_of_atom(pattern: str, position: int) -> int:
    """Behind an escape, a class or one character."""
    if pattern[position] == "\\":
        return position + 2
    if pattern[position] != "[":
        return position + 1
    end = position + 1
    if pattern[end : end + 1] == "^":
        end += 1
    if pattern[end : end + 1] == "]":
        end += 1
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _find_group(tree: Any, number: int, ignore_case: bool) -> tuple[Any, bool] | None:
    """A group's content wherever it is, and whether case is ignored there."""
    for operation, argument in tree:
        kind = str(operation)
        inner: list[tuple[Any, bool]] = []
        if kind == "SUBPATTERN":
            group, added, removed, content = argument
            folded = (ignore_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
            if group == number:
                return content, folded
            inner = [(content, folded)]
        elif kind == "BRANCH":
            inner = [(alternative, ignore_case) for alternative in argument[1]]
        elif kind in _REPEATS:
            inner = [(argument[2], ignore_case)]
        for content, folded in inner:
            found = _find_group(content, number, folded)
            if found is not None:
                return found
    return None


def _source(tree: Any, ignore_case: bool) -> str:
    return "".join(_source_of_one(str(operation), argument, ignore_case) for operation, argument in tree)


def _source_of_one(kind: str, argument: Any, ignore_case: bool) -> str:
    if kind == "LITERAL":
        return _literal(argument)
    if kind == "IN":
        return _class(class_members(argument, ignore_case=ignore_case))
    if kind == "SUBPATTERN":
        _, added, removed, content = argument
        folded = (ignore_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
        return _source(content, folded)
    if kind == "BRANCH":
        return f"(?:{'|'.join(_source(alternative, ignore_case) for alternative in argument[1])})"
    if kind in _REPEATS:
        at_least, at_most, content = argument
        inner = _source(content, ignore_case)
        single = len(content) == 1 and str(content[0][0]) in ("LITERAL", "IN")
        return (inner if single else f"(?:{inner})") + _count(at_least, min(int(at_most), _NO_LIMIT))
    if kind == "AT" and str(argument) == "AT_BOUNDARY":
        return r"\b"
    raise Unfit(f"{kind.lower()} in the token")


def _count(at_least: int, at_most: int) -> str:
    if at_least == at_most:
        return f"{{{at_least}}}"
    if (at_least, at_most) == (0, 1):
        return "?"
    return f"{{{at_least},{at_most if at_most < 65535 else ''}}}"


def _literal(byte: int) -> str:
    text = chr(byte)
    if text.isascii() and (text.isalnum() or text in "_-:/=~!@#%&,;<>'\" "):
        return text
    return f"\\{text}" if text.isascii() and text.isprintable() else f"\\x{byte:02x}"


def _class(members: Iterable[int]) -> str:
    """A class in the usual writing: letters, digits, the rest, `-` at the end."""
    rest = set(members)
    if len(rest) == 1:
        return _literal(rest.pop())
    written = ""
    for low, high in (b"AZ", b"az", b"09"):
        run = sorted(rest & set(range(low, high + 1)))
        written += _ranges(run)
        rest.difference_update(run)
    hyphen = "-" if ord("-") in rest else ""
    return f"[{written}{_ranges(sorted(rest - {ord('-')}))}{hyphen}]"


def _ranges(members: list[int]) -> str:
    ranges: list[list[int]] = []
    for byte in members:
        if ranges and ranges[-1][1] == byte - 1:
            ranges[-1][1] = byte
        else:
            ranges.append([byte, byte])
    return "".join(_range(low, high) for low, high in ranges)


def _range(low: int, high: int) -> str:
    def one(byte: int) -> str:
        text = chr(byte)
        return f"\\{text}" if text in "]\\^-" else text if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"

    if high - low < 2:
        return "".join(one(byte) for byte in range(low, high + 1))
    return f"{one(low)}-{one(high)}"
