"""YAML as a tree of texts that know their lines, for errors that say where.

Only what a file written by hand needs: no anchors, no tags, and every scalar
is text, so `no` and `1e5` are words like others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit_trail.errors import ConfigurationError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 8
"""The reader's own recursion ends long before Python's."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `line` counts from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Named fields, each name once."""

    fields: dict[str, Node]
    line: int


Node = Scalar | Sequence | Mapping


def read_marked_yaml(text: str, *, where: str) -> Node:
    """Read one YAML document.

    Args:
        text: At most 1 MiB.
        where: Name of the file, for errors.

    Raises:
        ConfigurationError: It is no YAML, too large or too deep, has anchors,
            tags or a name twice, or is no document or several.
    """
    import yaml

    if len(text) > MAX_BYTES:
        raise ConfigurationError(
            "the file is too large", where=where, expected=f"at most {MAX_BYTES} bytes", found=str(len(text))
        )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Tree(where).read(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigurationError(
            "the file is not YAML",
            where=f"{where}, line {mark.line + 1}" if mark else where,
            found=str(getattr(error, "problem", "") or error).partition("\n")[0],
            remedy="correct the line; a text with `: ` or ` #` in it needs quotes",
        ) from None


class _Tree:
    def __init__(self, where: str) -> None:
        self._where = where

    def read(self, events: Iterable[Any]) -> Node:
        # A stack and no recursion: the depth is the file's to choose.
        stack: list[tuple[int, bool, list[Node]]] = []
        documents: list[Node] = []
        for event in events:
            kind = type(event).__name__
            if kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._refuse_extras(event)
                if len(stack) == MAX_DEPTH:
                    raise self._error(event, "the file is nested too deeply", f"at most {MAX_DEPTH} levels")
                stack.append((event.start_mark.line + 1, kind == "MappingStartEvent", []))
                continue
            if kind == "ScalarEvent":
                self._refuse_extras(event)
                node: Node = Scalar(event.value, event.start_mark.line + 1)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                line, is_mapping, nodes = stack.pop()
                node = self._mapping(nodes, line) if is_mapping else Sequence(tuple(nodes), line)
            elif kind == "AliasEvent":
                raise self._error(event, "the file has an alias (`*name`)", "everything written out")
            else:
                continue
            (stack[-1][2] if stack else documents).append(node)
        if len(documents) != 1:
            raise ConfigurationError(
                "this is not one YAML document", where=self._where, found=f"{len(documents)} documents"
            )
        return documents[0]

    def _mapping(self, nodes: list[Node], line: int) -> Mapping:
        fields: dict[str, Node] = {}
        for name, value in zip(nodes[::2], nodes[1::2], strict=True):
            where = f"{self._where}, line {name.line}"
            if not isinstance(name, Scalar):
                raise ConfigurationError("a field's name is no text", where=where, expected="`name: value`")
            if name.text in fields:
                raise ConfigurationError(
                    "a field is given twice",
                    where=where,
                    found=f"{name.text!r}, which line {fields[name.text].line} has too",
                    remedy="keep one of them",
                )
            fields[name.text] = value
        return Mapping(fields, line)

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._error(event, "the file has an anchor (`&name`)", "everything written out")
        if event.tag is not None:
            raise self._error(event, f"the file has a tag ({event.tag[:40]})", "plain YAML")

    def _error(self, event: Any, what: str, expected: str) -> ConfigurationError:
        return ConfigurationError(
            what, where=f"{self._where}, line {event.start_mark.line + 1}", expected=expected
        )
