"""What is known of a request without anybody making it: its caller, and little else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from audit_trail.reporting.access.policy_document import Statement
from audit_trail.reporting.access.wildcards import Pattern, Wild, literal, wildcard

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*", "?", "$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Condition keys, in small letters, as far as they are known.

    Attributes:
        values: The known ones; a pattern where only a part is known.
        absent: Those that a request of this caller never has.
        absent_prefixes: The same, by their beginning.
    """

    values: Mapping[str, Pattern] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    absent_prefixes: tuple[str, ...] = ()

    def value(self, key: str) -> Pattern | None:
        """What a key holds; None where it is not known, or absent."""
        return self.values.get(key.lower())

    def is_absent(self, key: str) -> bool:
        """Whether it is certain that the request does not have a key."""
        small = key.lower()
        return small not in self.values and (
            small in self.absent or small.startswith(self.absent_prefixes or ("\0",))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """A text of a policy with its variables filled in.

    Attributes:
        pattern: None where a variable is absent from the request: then nothing matches.
        certain: False where a variable is not known, and could be anything.
    """

    pattern: Pattern | None
    certain: bool = True


def expand(text: str, statement: Statement, context: RequestContext, *, wild: bool = True) -> Expanded:
    """Read a text of a statement as a pattern.

    Args:
        text: A resource, or a value to compare with.
        statement: Whose; its version decides whether there are variables.
        context: What they stand for.
        wild: Whether `*` and `?` are wildcards.
    """
    read = wildcard if wild else literal
    if not statement.has_variables:
        return Expanded(pattern=read(text))
    made: Pattern = ()
    certain, place = True, 0
    for found in _VARIABLE.finditer(text):
        made += read(text[place : found.start()])
        place = found.end()
        name, _, default = found[1].partition(",")
        value = context.value(name.strip())
        if found[1] in _LITERALS:
            made += literal(found[1])
        elif value is not None:
            made += value
        elif context.is_absent(name.strip()):
            if not default:
                return Expanded(pattern=None)
            made += literal(default.strip().strip("'"))
        else:
            made += (Wild.ANY,)
            certain = False
    return Expanded(pattern=made + read(text[place:]), certain=certain)
