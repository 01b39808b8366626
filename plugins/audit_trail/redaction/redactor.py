"""The redactor: records in, the same records out, without what must not be kept.

One pass of compiled code finds what is to be replaced; every record that
changed is then looked at again, until nothing more is found. So a second
redaction changes nothing, by construction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audit_trail.redaction.policy import Policy
from audit_trail.redaction.policy_file import default_policy
from audit_trail.redaction.record_blocks import PIECE_BYTES, record_pieces, whole_records
from audit_trail.redaction.replacements import Replacements
from audit_trail.redaction.rest_of_key import MAX_LINES, begins_with_rest_of_key, with_decided_beginning
from audit_trail.redaction.slow_detectors import SlowDetectors, merged

if TYPE_CHECKING:
    from audit_trail.redaction.scanner import Scanner, Scratch, Spans

MAX_RECORD_BYTES = 1 << 30
"""Offsets are 32-bit numbers; more than this in one call is taken in pieces of whole records."""
MAX_ROUNDS = 8
"""Rounds after which a record that still shows something new is replaced as a whole."""

UNSTABLE_RULE = "unstable-record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What came out.

    Attributes:
        data: The records, as many as went in.
        counts: Replacements per rule name; rules that found nothing are absent.
        left: What a second look at `data` would still replace, per rule name: nothing,
            or there is an error in the redactor. Empty where nobody asked for the look.
    """

    data: bytes
    counts: Mapping[str, int]
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place that a redaction replaces.

    Attributes:
        start: Offset in the input, in bytes.
        end: Offset behind it.
        rule: The rule's name.
        replacement: What is put there, quotes included.
    """

    start: int
    end: int
    rule: str
    replacement: bytes


@dataclass(slots=True, kw_only=True)
class _Carry:
    """What a record says about those after it: a private key whose lines go on."""

    begun: bool = False
    pem: tuple[int, int, int] = (0, 0, 0)
    counts: Counter[str] = field(default_factory=Counter)


class Redactor:
    """Replaces secrets and personal data in log records by `[REDACTED:<rule>]`.

    Has no state of its own: one instance may serve any number of threads, and
    works without holding the interpreter's lock.

    Args:
        policy: None means the built-in policy.
        pseudonym_key: For rules with the action `pseudonymize`, at least 16 bytes.

    Raises:
        ConfigurationError: A shape in the policy cannot be matched in one
            pass, or a rule pseudonymizes and there is no key.
    """

    def __init__(self, policy: Policy | None = None, *, pseudonym_key: bytes | None = None) -> None:
        from audit_trail.redaction.scanner import Scanner

        self._policy = policy or default_policy()
        self._replacements = Replacements(self._policy, pseudonym_key)
        self._scanner: Scanner = Scanner(self._policy)
        self._slow = SlowDetectors(self._policy)

    @property
    def policy_sha256(self) -> str:
        """SHA-256 of the canonical policy, lower case hex, for signed manifests."""
        return self._policy.sha256

    def redact(self, data: bytes) -> Redaction:
        r"""Redact any number of records separated by `\n`.

        Bytes that are not replaced stay as they are, valid UTF-8 or not, and
        no `\n` is added, removed or moved. JSON stays JSON. Redacting the
        result again changes nothing.

        Raises:
            ConfigurationError: One record has more than `MAX_RECORD_BYTES`.
        """
        carry = _Carry()
        pieces = [self._redact(piece, carry) for piece in record_pieces(data, MAX_RECORD_BYTES)]
        return Redaction(data=pieces[0] if len(pieces) == 1 else b"".join(pieces), counts=dict(carry.counts))

    def redact_blocks(self, blocks: Iterable[bytes], *, look_again: bool = False) -> Iterator[Redaction]:
        r"""Redact a stream.

        Holds one block, and of what comes out `PIECE_BYTES`; a record is held
        whole.

        Args:
            blocks: The bytes, cut anywhere.
            look_again: Say what is `left`.

        Yields:
            The bytes of whole records, several times for each block; the last
            may lack its `\n`. All of them together are what `redact` makes of
            all blocks together.
        """
        carry = _Carry()
        for piece in whole_records(with_decided_beginning(blocks), PIECE_BYTES):
            carry.counts = Counter()
            data, left = self._checked(piece, carry) if look_again else (self._redact(piece, carry), {})
            redacted = Redaction(data=data, counts=dict(carry.counts), left=left)
            del piece, data  # a view keeps its whole block
            yield redacted
            del redacted

    def _checked(self, before: bytes | memoryview, carry: _Carry) -> tuple[bytes, Mapping[str, int]]:
        """Redact, and say what a second look finds in the output.

        Which records are looked at again is told by comparing all bytes with the input's, not
        by what was done: a record that is the same, and in which nothing was found, has been
        looked at just now. Where a record is not judged by itself, because a private key goes
        on for lines or a detector is no part of the scan, or where anything is amiss, all of
        the output is looked at.
        """
        begun, pem = carry.begun, carry.pem
        with self._scanner.scratch() as scratch:
            spans = self._scan(before, scratch, carry)
            if not (self._slow or pem[0] or carry.pem[0]):
                if not len(spans):
                    return bytes(before), {}
                table = self._replacements.table(before, spans)
                after, _, counts = self._scanner.assemble(before, spans, table)
                self._count(counts, carry.counts)
                lines = self._scanner.changed_lines(before, after, spans)
                if self._has_private_key(carry.counts):
                    lines = None
                if lines is not None and not len(self._scanner.scan_lines(after, lines, scratch)):
                    return after, {}
        carry.begun, carry.pem, carry.counts = begun, pem, Counter()
        after = self._redact(before, carry)
        return after, self.redact(after).counts

    def _has_private_key(self, counts: Mapping[str, int]) -> bool:
        return any(counts.get(rule.name) for rule in self._policy.rules if "private-key" in rule.detectors)

    def find(self, data: bytes) -> list[Finding]:
        """The places that `redact` would replace first, in order."""
        with self._scanner.scratch() as scratch:
            spans = self._scan(data, scratch, _Carry())
            places = [(start, end, rule, quote) for start, end, rule, quote, _ in spans.rows()]
        if self._slow:
            places = merged(places, self._slow.spans(data))
        return [
            Finding(
                start=start, end=end, rule=self._policy.rules[rule].name,
                replacement=self._replacements.text(rule, data[start:end], quote),
            )
            for start, end, rule, quote in places
        ]  # fmt: skip

    def _scan(self, data: bytes | memoryview, scratch: Scratch, carry: _Carry) -> Spans:
        if not carry.begun and begins_with_rest_of_key(data):
            carry.pem = (MAX_LINES, 1, 0)
        carry.begun = True
        spans, carry.pem = self._scanner.scan(data, scratch, pem=carry.pem)
        return spans

    def _redact(self, data: bytes | memoryview, carry: _Carry) -> bytes:
        found = self._redact_fast(data, carry)
        return self._redact_slow(found, carry) if self._slow else found

    def _redact_slow(self, data: bytes, carry: _Carry) -> bytes:
        pieces, copied = [], 0
        for start, end, rule, quote in self._slow.spans(data):
            if self._policy.rules[rule].action != "keep":
                pieces += [data[copied:start], self._replacements.text(rule, data[start:end], quote)]
                copied = end
                carry.counts[self._policy.rules[rule].name] += 1
        return b"".join([*pieces, data[copied:]])

    def _redact_fast(self, data: bytes | memoryview, carry: _Carry) -> bytes:
        with self._scanner.scratch() as scratch:
            spans = self._scan(data, scratch, carry)
            for _ in range(MAX_ROUNDS):
                if not len(spans):
                    return bytes(data)
                table = self._replacements.table(data, spans)
                data, lines, counts = self._scanner.assemble(data, spans, table)
                self._count(counts, carry.counts)
                spans = self._scanner.scan_lines(data, lines, scratch)
            return self._blank(bytes(data), spans, carry) if len(spans) else bytes(data)

    def _count(self, found: Mapping[int, int], counts: Counter[str]) -> None:
        for rule, replacements in found.items():
            counts[self._policy.rules[rule].name] += replacements

    def _blank(self, data: bytes, spans: Spans, carry: _Carry) -> bytes:
        """Replace whole records in which every round uncovers something new: only made ones do that."""
        pieces, copied = [], 0
        for place, *_ in spans.rows():
            if place < copied:
                continue  # in the record before
            start = data.rfind(b"\n", copied, place) + 1 or copied
            end = data.find(b"\n", place)
            end = len(data) if end < 0 else end
            is_json = data.startswith((b"{", b"[", b'"'), start) and not data.startswith(b"[REDACTED:", start)
            quote = b'"' if is_json else b""
            pieces += [data[copied:start], quote, f"[REDACTED:{UNSTABLE_RULE}]".encode(), quote]
            copied = end
            carry.counts[UNSTABLE_RULE] += 1
        return b"".join([*pieces, data[copied:]])
