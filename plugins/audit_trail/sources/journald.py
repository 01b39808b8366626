"""Journals of systemd as `EventLog`s, one for each boot of a machine, by `journalctl`.

The entries of one boot are written in their order, also into the journals that
`systemd-journal-remote` keeps of other machines, which may lag behind. So a boot's stream
grows at its end only, which the mixture of several machines does not.

https://www.freedesktop.org/software/systemd/man/latest/journalctl.html
https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.event_log import day_start, json_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from audit_trail.sources.source_access import SourceAccess

SCHEME = "journald://"
MARGIN = timedelta(minutes=10)
"""journalctl stops at the first entry behind its range; clocks that are set back make several."""
MAX_SHOWN_CHARACTERS = 200
_FIELD = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_BOOT = re.compile(rb"[0-9a-f]{32}")
_ADDRESSES = ("__CURSOR", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP")
"""Of what journalctl adds to the stored fields: newer ones add more, and a stream must not change."""


class JournalBoot:
    """The entries of a day of one boot, in the order in which they were written.

    Args:
        command: `journalctl` with its folder and matches.
        boot: Its id, 32 hex digits.
        uri: The source, its day and the boot.
        day: The UTC day.
        access: The clock.
    """

    def __init__(self, command: list[str], boot: str, *, uri: str, day: date, access: SourceAccess) -> None:
        self.uri = uri
        self.day = day
        self.access = access
        start = day_start(day)
        self._start_us, self._end_us = (_seconds(start + timedelta(days=days)) * 10**6 for days in (0, 1))
        self._command = [
            *command, "--output=json", "--all", f"_BOOT_ID={boot}",
            f"--since=@{_seconds(start - MARGIN)}",
            f"--until=@{_seconds(start + timedelta(days=1) + MARGIN)}",
        ]  # fmt: skip

    def is_empty(self) -> bool:
        """See `EventLog`."""
        return next(self.lines(), None) is None

    def lines(self) -> Iterator[bytes]:
        """See `EventLog`."""
        for line in _output(self._command, self.uri):
            if line.startswith(b"{"):
                try:
                    entry = json.loads(line)
                    time_us = int(entry["__REALTIME_TIMESTAMP"])
                except (KeyError, TypeError, ValueError) as error:
                    raise CollectionError(
                        "journalctl gave something else than entries", where=self.uri
                    ) from error
                if self._start_us <= time_us < self._end_us:
                    yield json_line(_stored(entry))


def journal_boots(url: str, day: date, access: SourceAccess) -> tuple[JournalBoot, ...]:
    """All boots that the journals know, most of which have nothing of the day.

    Args:
        url: `journald://` for this machine's journals, `journald:///folder` for those in a
            folder; behind a `?`, percent-encoded, fields that entries must have:
            `_SYSTEMD_UNIT=nginx.service`, of one field any, of several fields all.
        day: The UTC day.
        access: The clock.

    Raises:
        ConfigurationError: The URL is wrong.
        CollectionError: journalctl is not there, or cannot read all journals.
    """
    folder, _, query = url.removeprefix(SCHEME).partition("?")
    matches = _matches(url, query)
    if folder and not folder.startswith("/"):
        raise _misunderstood(url)
    command = ["journalctl", "--no-pager", "--utc", *([f"--directory={folder}"] if folder else [])]
    boots = sorted(
        line.strip().decode()
        for line in _output([*command, "--field=_BOOT_ID"], url)
        if _BOOT.fullmatch(line.strip())
    )
    filters = [f"{name}={value}" for name, value in matches]
    return tuple(
        JournalBoot(
            [*command, *filters],
            boot,
            uri=f"{SCHEME}{folder}?{urlencode([*matches, ('date', day.isoformat()), ('boot', boot)])}",
            day=day,
            access=access,
        )
        for boot in boots
    )


def _matches(url: str, query: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query, strict_parsing=True) if query else []
    except ValueError:
        raise _misunderstood(url) from None
    # Nothing else may reach the command line: an option, or a `+` that begins an alternative.
    if any(not _FIELD.fullmatch(name) or name == "_BOOT_ID" or "\0" in value for name, value in pairs):
        raise _misunderstood(url)
    return pairs


def _misunderstood(url: str) -> ConfigurationError:
    return ConfigurationError(
        "the URL of a source names no journals",
        where=url,
        expected=f"{SCHEME} or {SCHEME}/folder, and FIELD=value behind a question mark if need be",
        remedy="write the whole path, fields in capitals, and percent-encode their values",
    )


def _output(command: list[str], where: str) -> Iterator[bytes]:
    """The command's lines, complete or an error.

    Whatever journalctl has to say besides means that it did not read all there is:
    a file that it may not open, one that is cut off or from a newer systemd.
    """
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
        except OSError as error:
            raise CollectionError(
                "journalctl cannot be run",
                where=where,
                found=error.strerror or type(error).__name__,
                remedy="install systemd on the worker, or collect what journald forwards to syslog",
            ) from error
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            with process.stdout as lines:
                yield from lines
            status = process.wait()
        finally:
            process.kill()  # whoever took only the first line has let it run
            process.wait()
        said.seek(0)
        words = said.read(MAX_SHOWN_CHARACTERS).decode("utf-8", "replace").strip()
    if status or words:
        raise CollectionError(
            "journalctl could not read all journals",
            where=where,
            expected="read access to all of them: root, or the group systemd-journal",
            found=words or f"exit status {status}",
            remedy="grant it to the user that runs the collection, mend what it names, then run again",
        )


def _environment() -> dict[str, str]:
    """Paging, colours and languages of the user left out."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _stored(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _text(value) for name, value in entry.items() if name in _ADDRESSES or not name.startswith("__")
    }


def _text(value: Any) -> Any:
    """A field's value as text, so that redaction sees it.

    journalctl gives bytes as numbers where there is a control character among them or
    where they are no UTF-8; of the latter, each becomes half a surrogate pair (U+DC80 to
    U+DCFF), from which it can be had back. A field that comes several times is a list.
    """
    if not isinstance(value, list):
        return value
    if value and all(type(item) is int for item in value):
        return bytes(value).decode("utf-8", "surrogateescape")
    return [_text(item) for item in value]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
