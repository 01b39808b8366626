"""A policy as the tables that the scanner reads: made once, and those of the default policy kept on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from audit_trail import kept_code
from audit_trail.memory import address
from audit_trail.redaction.policy import Policy
from audit_trail.redaction.policy_file import default_policy

_ALIGNMENT = 64
_HEAD_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All tables of a policy.

    Attributes:
        data: One behind the other.
        addresses: Where each begins, in the order of `layout.FIELDS`.
        sizes: Of each, how many numbers there are, and how many bytes one has.
        shape_count: How many shapes the policy has.
    """

    data: bytes
    addresses: Sequence[int]
    sizes: Sequence[tuple[int, int]]
    shape_count: int


@lru_cache(maxsize=8)
def tables_of(policy: Policy) -> Tables:
    """Compile a policy; the same policy is compiled once.

    The default policy's tables are kept beside the compiled scanner, in a file
    that this user alone may write, and that is named after the policy and all
    that takes part in making it. Those of other policies are made by each
    process: nobody would clean up after policies that are gone.

    Raises:
        ConfigurationError: A shape cannot be matched in one pass.
    """
    if policy != default_policy():
        return _unpacked(_packed(policy))
    folder = Path(__file__).parent
    sources = [*folder.glob("*.py"), folder / "kernel/layout.py", Path(kept_code.__file__)]
    name = f"tables-{policy.sha256[:16]}"
    return _unpacked(kept_code.kept_bytes(name, [str(source) for source in sources], lambda: _packed(policy)))


def _packed(policy: Policy) -> bytes:
    from audit_trail.redaction.table_builder import arrays_of

    arrays, shape_count = arrays_of(policy)
    head = {"shapes": shape_count, "sizes": [(array.size, array.itemsize) for array in arrays]}
    return b"".join([
        json.dumps(head).encode().ljust(_HEAD_BYTES),
        *(array.tobytes().ljust(_aligned(array.nbytes), b"\0") for array in arrays),
    ])  # fmt: skip


def _unpacked(data: bytes) -> Tables:
    head = json.loads(data[:_HEAD_BYTES])
    addresses, place = [], address(data) + _HEAD_BYTES
    for count, item_bytes in head["sizes"]:
        addresses.append(place)
        place += _aligned(count * item_bytes)
    return Tables(
        data=data, addresses=addresses, sizes=[(count, size) for count, size in head["sizes"]],
        shape_count=head["shapes"],
    )  # fmt: skip


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
