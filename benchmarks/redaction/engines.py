"""The redactors that are Python libraries, each as a function from blocks to redacted blocks.

Every library is used as its documentation shows, in the way that measured
fastest for it: whole blocks or single lines, and only those of its detectors
that look for what the others look for too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module

Redact = Callable[[Iterable[bytes]], Iterator[bytes]]

_DATAFOG_KINDS = (
    "API_KEY",
    "BEARER_TOKEN",
    "CREDENTIAL_URI",
    "CREDIT_CARD",
    "EMAIL",
    "JWT",
    "PHONE",
    "PRIVATE_KEY",
    "SSN",
)
_PRESIDIO_RECOGNIZERS = ("CreditCardRecognizer", "EmailRecognizer", "IbanRecognizer", "UsSsnRecognizer")


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut behind newlines; a last line without one comes by itself."""
    pending: list[bytes] = []
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((*pending, block[:end]))
            pending = []
        pending.append(block[end:])
    rest = b"".join(pending)
    if rest:
        yield rest


def _ours() -> Redact:
    from audit_trail.redaction import Redactor

    redactor = Redactor()
    in_blocks = getattr(redactor, "redact_blocks", None)

    def redact(blocks: Iterable[bytes]) -> Iterator[bytes]:
        if in_blocks is None:  # DEVELOPMENT ONLY
            for block in whole_lines(blocks):
                yield redactor.redact(block).data
            return
        for redaction in in_blocks(blocks):
            yield redaction.data

    return redact


def _datafog_nine_kinds() -> Redact:
    transform = import_module("datafog_core").scan_and_transform
    settings = {
        "scan": {"entities": list(_DATAFOG_KINDS)},
        "transform": {"default": {"strategy": "redact"}},
    }
    return _on_text(lambda text: str(transform(text, settings).text))


def _datafog() -> Redact:
    transform = import_module("datafog_core").scan_and_transform
    settings = {"transform": {"default": {"strategy": "redact"}}}
    return _on_text(lambda text: str(transform(text, settings).text))


def _scrubadub() -> Redact:
    scrubber = import_module("scrubadub").Scrubber()
    return _on_text(lambda text: str(scrubber.clean(text)))


def _presidio() -> Redact:
    # Would fetch the list of top level domains from the network, and wait for it.
    domains = import_module("tldextract.tldextract")
    offline = domains.TLDExtract(suffix_list_urls=(), cache_dir=None)
    setattr(domains, "TLD_EXTRACTOR", offline)  # noqa: B010 (the module is not there when types are checked)
    library = import_module("presidio_analyzer.predefined_recognizers")
    recognizers = [getattr(library, name)() for name in _PRESIDIO_RECOGNIZERS]

    def redact_line(line: str) -> str:
        found = [
            (result.start, result.end, result.entity_type)
            for recognizer in recognizers
            for result in recognizer.analyze(line, recognizer.supported_entities, None)
        ]
        untouched = len(line)
        for start, end, kind in sorted(found, reverse=True):
            if end <= untouched:
                line, untouched = f"{line[:start]}<{kind}>{line[end:]}", start
        return line

    return _on_text(lambda text: "".join(map(redact_line, text.splitlines(keepends=True))))


def _on_text(redact_text: Callable[[str], str]) -> Redact:
    def redact(blocks: Iterable[bytes]) -> Iterator[bytes]:
        for lines in whole_lines(blocks):
            yield redact_text(lines.decode(errors="replace")).encode()

    return redact


ENGINES: Mapping[str, Callable[[], Redact]] = {
    "ours": _ours,
    "datafog": _datafog,
    "datafog-9": _datafog_nine_kinds,
    "scrubadub": _scrubadub,
    "presidio": _presidio,
}
