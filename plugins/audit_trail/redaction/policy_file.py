"""Policies as YAML files; docs/REDACTION.md is the format's description for users.

Every error names the file, the line, the field, what is allowed and what was
found: a policy that was misread would let secrets through in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import marked_yaml
from audit_trail.redaction.marked_yaml import Mapping, Node, Scalar, read_marked_yaml
from audit_trail.redaction.policy import (
    NATIONAL_NUMBER,
    Policy,
    Rule,
    check_action,
    check_detector,
    check_key,
    check_parameter,
    check_rule_name,
    check_word,
    finds_something,
)
from audit_trail.redaction.shape_pattern import parse_shape

VERSION = "1"
DEFAULT_POLICY_NAME = "default_policy.yaml"
CATALOGUE_NAME = "token_catalogue.yaml"

Check = Callable[[str], object]


def _check_stdnum(detector: str) -> None:
    check_detector(detector)
    if not detector.startswith(NATIONAL_NUMBER):
        return
    module = detector.removeprefix(NATIONAL_NUMBER)
    try:
        known = find_spec(f"stdnum.{module}") is not None
    except ModuleNotFoundError:
        known = False
    if not known:
        raise ConfigurationError(
            "python-stdnum has no such module",
            expected=f"{NATIONAL_NUMBER}es.nif and the like",
            found=repr(detector),
            remedy="its documentation lists them by country; or install python-stdnum",
        )


_LISTS: dict[str, Check] = {
    "keys": check_key,
    "weak_keys": check_key,
    "parameters": check_parameter,
    "shapes": parse_shape,
    "detectors": _check_stdnum,
}
_WORD_LISTS: dict[str, Check] = {
    "ignored_endings": check_word,
    "harmless_beginnings": check_word,
    "harmless_keys": check_key,
}
_CHANGES = tuple(f"{verb}_{name}" for verb in ("add", "remove") for name in _LISTS)
_RULE_FIELDS = ("name", *_LISTS, *_CHANGES, "action")
_CATALOGUE_FIELDS = ("catalogue", "action")
_FILE_FIELDS = ("version", "extends", "remove", "rules", *_WORD_LISTS)


def load_policy(path: Path | str) -> Policy:
    """Read a policy file.

    Raises:
        ConfigurationError: It cannot be read or understood, naming file, line and field.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(marked_yaml.MAX_BYTES + 1)
        return parse_policy(data.decode("utf-8"), where=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "the redaction policy cannot be read",
            where=str(path),
            expected="a YAML file in UTF-8",
            found=getattr(error, "strerror", None) or "other bytes than UTF-8",
            remedy="correct the path, or leave it out: there is a default policy",
        ) from None


def parse_policy(text: str, *, where: str) -> Policy:
    """Read a policy from YAML.

    Args:
        text: The document, at most 1 MiB.
        where: Name of the file, for errors.

    Raises:
        ConfigurationError: It cannot be understood, naming line and field.
    """
    return _PolicyFile(where).read(text)


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """The policy in force unless another is given."""
    return _PolicyFile(DEFAULT_POLICY_NAME, shipped=True).read(_shipped(DEFAULT_POLICY_NAME))


@lru_cache(maxsize=1)
def token_catalogue() -> tuple[Rule, ...]:
    """The rules of the catalogue of tokens, one for each name."""
    return _PolicyFile(CATALOGUE_NAME, shipped=True).read(_shipped(CATALOGUE_NAME)).rules


def _shipped(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


class _PolicyFile:
    """One file being read.

    What ships with the package is tested and not checked again: reading all
    shapes would take longer than everything else at start-up.
    """

    def __init__(self, where: str, *, shipped: bool = False) -> None:
        self._where = where
        self._shipped = shipped

    def read(self, text: str) -> Policy:
        root = self._mapping(read_marked_yaml(text, where=self._where), "the policy", _FILE_FIELDS)
        self._choice(root, "version", (VERSION,), required=True)
        base = (
            Policy(rules=())
            if self._choice(root, "extends", ("default", "none"), otherwise="default") == "none"
            else default_policy()
        )
        rules = self._rules(root, self._kept(root, base.rules))
        if not rules:
            raise self._error(root, "the policy has no rules", expected="`rules`, or `extends: default`")
        words = {
            name: _united(getattr(base, name), self._texts(root.fields.get(name), name, check))
            for name, check in _WORD_LISTS.items()
        }
        return Policy(rules=rules, **words)

    def _kept(self, root: Mapping, inherited: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """The inherited rules without those under `remove`."""
        node = root.fields.get("remove")
        gone = self._texts(node, "remove", check_rule_name)
        names = [rule.name for rule in inherited]
        for name in gone:
            if name not in names:
                raise self._unknown(node, "there is no such rule to remove", name, names)
        return tuple(rule for rule in inherited if rule.name not in gone)

    def _rules(self, root: Mapping, inherited: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """New rules in the file's order, then the inherited ones as the file changes them."""
        rules = {rule.name: rule for rule in inherited}
        new: dict[str, Rule] = {}
        seen: dict[str, int] = {}
        for node in self._items(root.fields.get("rules"), "rules"):
            if isinstance(node, Mapping) and "catalogue" in node.fields:
                self._take_in_catalogue(node, rules, new)
                continue
            rule_node = self._mapping(node, "a rule", _RULE_FIELDS)
            name = self._name(rule_node, seen)
            target = rules if name in rules else new
            target[name] = self._rule(rule_node, rules.get(name))
        return (*new.values(), *rules.values())

    def _name(self, node: Mapping, seen: dict[str, int]) -> str:
        value = node.fields.get("name")
        if value is None:
            raise self._error(node, "a rule has no name", expected="`name: ` and lower case words")
        name = self._text(value, "name", check_rule_name)
        if name in seen:
            raise self._error(value, f"rule {name!r} is given twice", found=f"line {seen[name]} has it too")
        seen[name] = value.line
        return name

    def _rule(self, node: Mapping, inherited: Rule | None) -> Rule:
        rule = inherited or Rule(name=self._text(node.fields["name"], "name", check_rule_name))
        changes: dict[str, Any] = {}
        for name, check in _LISTS.items():
            changes[name] = self._changed(node, name, check, getattr(rule, name))
        if "action" in node.fields:
            changes["action"] = self._text(node.fields["action"], "action", check_action)
        rule = replace(rule, **changes)
        if not finds_something(rule):
            raise self._error(
                node,
                f"rule {rule.name!r} finds nothing",
                expected=f"one of {', '.join(_LISTS)} with something in it",
            )
        return rule

    def _changed(self, node: Mapping, name: str, check: Check, inherited: tuple[str, ...]) -> tuple[str, ...]:
        given = node.fields.get(name)
        texts = inherited if given is None else self._texts(given, name, check)
        texts = _united(texts, self._texts(node.fields.get(f"add_{name}"), f"add_{name}", check))
        field = f"remove_{name}"
        gone = self._texts(node.fields.get(field), field, str)
        for text in gone:
            if text not in texts:
                raise self._unknown(node.fields[field], f"`{field}` names what is not there", text, texts)
        return tuple(text for text in texts if text not in gone)

    def _take_in_catalogue(self, node: Mapping, rules: dict[str, Rule], new: dict[str, Rule]) -> None:
        """Each of the catalogue's rules, its shapes added to a rule of that name if there is one."""
        self._mapping(node, "a catalogue", _CATALOGUE_FIELDS)
        self._choice(node, "catalogue", ("tokens",))
        changes: dict[str, Any] = {}
        if "action" in node.fields:
            changes["action"] = self._text(node.fields["action"], "action", check_action)
        for entry in token_catalogue():
            target = rules if entry.name in rules else new
            rule = target.get(entry.name, entry)
            target[entry.name] = replace(rule, shapes=_united(rule.shapes, entry.shapes), **changes)

    # Nodes as what they must be

    def _mapping(self, node: Node, what: str, allowed: Sequence[str]) -> Mapping:
        if not isinstance(node, Mapping):
            raise self._error(node, f"{what} is no mapping", expected=f"fields: {', '.join(allowed)}")
        for name, value in node.fields.items():
            if name not in allowed:
                raise self._unknown(value, f"{what} has no field of this name", name, allowed)
        return node

    def _items(self, node: Node | None, field: str) -> tuple[Node, ...]:
        if node is None:
            return ()
        if not isinstance(node, marked_yaml.Sequence):
            raise self._error(node, f"field `{field}` is no list", expected="[one, two], or lines with `- `")
        return node.items

    def _texts(self, node: Node | None, field: str, check: Check) -> tuple[str, ...]:
        texts: dict[str, int] = {}
        for item in self._items(node, field):
            text = self._text(item, field, check)
            if text in texts:
                raise self._error(
                    item, f"field `{field}` has {text!r} twice", found=f"line {texts[text]} has it too"
                )
            texts[text] = item.line
        return tuple(texts)

    def _text(self, node: Node, field: str, check: Check) -> str:
        if not isinstance(node, Scalar):
            raise self._error(node, f"field `{field}` holds something else than text")
        if self._shipped:
            return node.text
        try:
            check(node.text)
        except ConfigurationError as error:
            error.where = f"{self._where}, line {node.line}, field `{field}`"
            error.remedy = error.remedy or _did_you_mean(node.text, error.expected.split(", "))
            raise
        return node.text

    def _choice(
        self,
        node: Mapping,
        field: str,
        allowed: Sequence[str],
        *,
        otherwise: str = "",
        required: bool = False,
    ) -> str:
        value = node.fields.get(field)
        if value is None and not required:
            return otherwise
        if value is None or not isinstance(value, Scalar) or value.text not in allowed:
            found = repr(value.text[:80]) if isinstance(value, Scalar) else "nothing" if value is None else ""
            raise self._error(
                value or node,
                f"field `{field}` has another value than is allowed",
                expected=" or ".join(f"`{field}: {text}`" for text in allowed),
                found=found,
            )
        return value.text

    def _error(self, node: Node, what: str, *, expected: str = "", found: str = "") -> ConfigurationError:
        return ConfigurationError(
            what, where=f"{self._where}, line {node.line}", expected=expected, found=found
        )

    def _unknown(self, node: Node | None, what: str, name: str, known: Iterable[str]) -> ConfigurationError:
        known = list(known)
        line = node.line if node is not None else 1
        if isinstance(node, marked_yaml.Sequence):
            line = next(
                (item.line for item in node.items if isinstance(item, Scalar) and item.text == name), line
            )
        shown = (
            ", ".join(known)
            if len(known) <= len(_FILE_FIELDS) + len(_RULE_FIELDS)
            else f"one of {len(known)} names"
        )
        return ConfigurationError(
            what,
            where=f"{self._where}, line {line}",
            expected=shown,
            found=repr(name[:80]),
            remedy=_did_you_mean(name, known),
        )


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f"did you mean {nearest[0]!r}?" if nearest else ""
