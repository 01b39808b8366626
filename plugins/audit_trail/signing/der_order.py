"""Certificates of a time-stamp response in the order that a strict parser asks for.

They are a SET OF, which DER wants sorted (X.690 section 11.6). Authorities that
run on OpenSSL and send more than one send them as they are in their files.
Their order is not signed, so sorting a copy changes nothing that is proven;
what is stored stays as it was received.
"""

from __future__ import annotations

from dataclasses import dataclass

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
_LONG_FORM = 0x80


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    body: int
    end: int


def sort_certificates(data: bytes) -> bytes:
    """A TimeStampResp with its certificates sorted; anything else as it is."""
    try:
        certificates = _certificates(data)
    except (IndexError, ValueError):
        return data
    if certificates is None:
        return data
    items = sorted(data[item.start : item.end] for item in _children(data, certificates))
    return data[: certificates.body] + b"".join(items) + data[certificates.end :]


def _certificates(data: bytes) -> _Element | None:
    """TimeStampResp → timeStampToken → content [0] → SignedData → certificates [0]."""
    response = _children(data, _element(data, 0, len(data)))
    if len(response) < 2:
        return None
    content = _children(data, response[1])[1]
    (signed_data,) = _children(data, content)
    fields = _children(data, signed_data)
    found = next((item for item in fields if item.tag == _CONTEXT_0), None)
    if found is not None:
        _children(data, found)
    return found


def _children(data: bytes, parent: _Element) -> list[_Element]:
    if parent.tag not in (_SEQUENCE, _CONTEXT_0):
        raise ValueError("not an element that holds others")
    found, place = [], parent.body
    while place < parent.end:
        found.append(_element(data, place, parent.end))
        place = found[-1].end
    return found


def _element(data: bytes, start: int, limit: int) -> _Element:
    """The element at `start`. Only one-byte tags are met on the way, and definite lengths."""
    length, body = data[start + 1], start + 2
    if length & _LONG_FORM:
        size = length & ~_LONG_FORM
        length, body = int.from_bytes(data[body : body + size]), body + size
    if body + length > limit:
        raise ValueError("an element ends behind the one that holds it")
    return _Element(data[start], start, body, body + length)
