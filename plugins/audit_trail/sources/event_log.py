"""A day's events of a service as one stream of JSON lines, in the order in which they arrived.

A file only grows at its end, and so does this stream: an event that arrives late comes
behind all that were there before, so what is sealed of a day stays its beginning, and
what came later is the next byte range. An event that was changed or taken away changes
the sealed beginning, which is an integrity failure as for any file.
"""

from __future__ import annotations

import json
import logging
import tempfile
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from audit_trail.errors import StorageError
from audit_trail.sources.source_files import Listing, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO, Self

    from audit_trail.sources.source_access import SourceAccess

logger = logging.getLogger(__name__)

SETTLE = timedelta(minutes=2)
"""How long after its arrival an event may stay unseen while later ones are seen already.

Services write on several machines at once: for a moment the second of two events may be
there without the first. Longer than a database transaction or CloudWatch's indexing takes.
"""


class EventLog(Protocol):
    """The events of one UTC day, [day, day + 1) by their own time, of one service.

    The methods raise `CollectionError` where the service fails or refuses.

    Attributes:
        uri: Source and day, as the manifest names them; no credentials.
        day: The UTC day.
        access: As the source was opened with.
    """

    uri: str
    day: date
    access: SourceAccess

    def is_empty(self) -> bool:
        """Whether there is no event at all; reads no further than to the first."""

    def lines(self) -> Iterator[bytes]:
        r"""All events, each a JSON line with its `\n`, in order of arrival.

        The same events are the same bytes, whenever they are read.
        """


def list_events(logs: Sequence[EventLog]) -> Listing:
    """One input for each log that has an event of the day.

    Waits until the day's last events have settled, at most `SETTLE`.

    Raises:
        CollectionError: The service fails or refuses.
    """
    for log in logs:
        settled_at = day_start(log.day) + timedelta(days=1) + SETTLE
        missing_s = (settled_at - log.access.now()).total_seconds()
        if missing_s > 0:
            logger.info("%s: waiting %.0f s until the day's last events have settled", log.uri, missing_s)
            log.access.pause(missing_s)
    return Listing(files=tuple(_input(log) for log in logs if not log.is_empty()), skipped=())


def _input(log: EventLog) -> SourceFile:
    def opened() -> SpooledEvents:
        return SpooledEvents(log.uri, log.lines(), folder=log.access.work_folder)

    return SourceFile(uri=log.uri, size_bytes=0, identity=log.uri, is_events=True, open=opened)


def day_start(day: date) -> datetime:
    """Its first moment, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def json_line(event: dict[str, Any]) -> bytes:
    r"""An event as the one line that all its readers make of it.

    Keys sorted, no blanks, UTF-8 as it stands; all in ASCII where a text is no Unicode
    (half of a surrogate pair), which UTF-8 cannot hold.
    """
    try:
        return _dumped(event, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return _dumped(event, ensure_ascii=True).encode() + b"\n"


def _dumped(event: dict[str, Any], *, ensure_ascii: bool) -> str:
    return json.dumps(event, ensure_ascii=ensure_ascii, sort_keys=True, separators=(",", ":"))


class SpooledEvents:
    """A `StoredFile` of events, all fetched when it is opened.

    They are kept in a file without a name, gone with the process.

    Args:
        uri: Of the event log.
        lines: Its lines.
        folder: Where the file is; None: the system's.

    Raises:
        CollectionError: The service fails or refuses.
        StorageError: The folder has no room.
    """

    version = None

    def __init__(self, uri: str, lines: Iterable[bytes], *, folder: Path | None) -> None:
        self.uri = self.identity = uri
        self.size_bytes = 0
        self._file = work_file(uri, folder)
        try:
            for line in lines:
                write_work(self._file, line, uri)
                self.size_bytes += len(line)
            self._file.seek(0)
        except OSError as error:
            self._file.close()
            raise no_room(uri, error) from error
        except BaseException:
            self._file.close()
            raise

    def read(self, max_bytes: int) -> bytes:
        """See `StoredFile`."""
        return self._file.read(max_bytes)

    def size_now(self) -> int:
        """See `StoredFile`: what was fetched does not change."""
        return self.size_bytes

    def close(self) -> None:
        """See `StoredFile`."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def work_file(where: str, folder: Path | None) -> IO[bytes]:
    """A file for raw events that has no name and mode 0600.

    Raises:
        StorageError: The folder cannot be written.
    """
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise no_room(where, error) from error


def write_work(file: IO[bytes], data: bytes, where: str) -> None:
    """Write into it.

    Raises:
        StorageError: There is no room.
    """
    try:
        file.write(data)
    except OSError as error:
        raise no_room(where, error) from error


def no_room(where: str, error: OSError) -> StorageError:
    """The error for a work folder that cannot be written."""
    return StorageError(
        "fetched events cannot be kept while they are sorted",
        where=where,
        expected="room for twice the day's events in the staging folder",
        found=error.strerror or type(error).__name__,
        remedy="make room, or set staging_dir to a larger disk",
    )
