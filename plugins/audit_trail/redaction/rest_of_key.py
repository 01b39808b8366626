"""The rest of a private key whose beginning is in another file, as after a rotation.

Nothing announces it, so it is looked for at the beginning of the data only:
lines of base64 up to an END line, as in RFC 7468.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MAX_LINES = 400
_MAX_BYTES = 64 * 1024
"""A beginning in which the longest rest of a key is whole."""

_BODY_LINES = r"(?:[A-Za-z0-9+/=]{16,80}\r?\n)"
_REST = re.compile(
    rf"{_BODY_LINES}{{1,{MAX_LINES}}}-----END [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----".encode()
)
# From the last line that is known to be one of the body on.
_MAY_GO_ON = re.compile(rf"{_BODY_LINES}*(?:[A-Za-z0-9+/=]{{0,80}}\r?|-[^\n]{{0,80}})\Z".encode())


def begins_with_rest_of_key(data: bytes | memoryview) -> bool:
    """Whether the data begin in the middle of a private key."""
    return _REST.match(data) is not None


def with_decided_beginning(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same blocks, the first ones joined until the first tells whether a rest of a key is there.

    Of logs the first line says so; no more than `_MAX_BYTES` are waited for.
    """
    rest = iter(blocks)
    yield _beginning(rest)
    yield from rest


def _beginning(blocks: Iterator[bytes]) -> bytes:
    taken, known = b"", 0
    for block in blocks:
        taken += block
        if len(taken) >= _MAX_BYTES or not _MAY_GO_ON.match(taken, known):
            break
        known = taken.rfind(b"\n") + 1
    return taken
