"""The digests of Airflow's task logs, written down for the day on which the logs ended.

Whoever runs Airflow can change a task's log afterwards; not its digest, once
that is sealed with the day. A try's log is written down when it has ended:

- `marked`: its last line on that day is the end mark of Airflow's task runner;
- `silent`: it has no end mark (the process was killed), and the whole day after
  its last line was silent. It is sealed with that silent day.

A deferred task goes on in the same file later, and waits for that. A retry has
a file of its own. Written-down digests are never written again: a log that has
changed since is said to have, in the log of who finds it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from audit_trail.errors import CollectionError
from audit_trail.evidence import canonical
from audit_trail.evidence.fields import format_timestamp
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import group, say, warn
from audit_trail.private_file import write_private
from audit_trail.settings import Settings

PIECE_BYTES = 1024 * 1024
"""A longer line is hashed like any other, and cannot be a mark."""
_LOG_NAME = re.compile(r"attempt=([0-9]{1,9})\.log(?:\.trigger\.[0-9]+\.log)?\Z")
_RUNNER = b'"logger":"task"'
_BEGUN, _OVER = b'"::group::Pre Execute"', b'"::group::Post Execute"'
_ENDED = b'"event":"::endgroup::"'
_GOES_ON = (b'"Pausing task as DEFERRED', b"UP_FOR_RESCHEDULE", b"AWAITING_INPUT")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLog:
    """One log file, read to its end. `last` is when its last line was written."""

    path: str
    bytes: int
    sha256: str
    last: datetime
    state: Literal["ended", "paused", "open"]

    def to_json(self, end: str) -> dict[str, Any]:
        """The record that is sealed."""
        parts = dict(part.split("=", 1) for part in self.path.split("/")[:-1])
        match = _LOG_NAME.match(self.path.rpartition("/")[2])
        return {
            "path": self.path,
            "dag_id": parts.get("dag_id", ""),
            "run_id": parts.get("run_id", ""),
            "task_id": parts.get("task_id", ""),
            "map_index": int(parts.get("map_index", "-1")),
            "try_number": int(match[1]) if match else 0,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "last_line": format_timestamp(self.last),
            "end": end,
        }


def note_task_logs(settings: Settings, day: date) -> None:
    """Write down the digests of the task logs that ended on a day, for its sources to hold.

    Doing it again adds what was not seen before, in a file of its own.

    Raises:
        CollectionError: The logs cannot be read, or the digests not be written.
    """
    folder = settings.task_logs.folder
    if folder is None:
        return
    place = settings.task_log_digests / day.isoformat()
    known = _known(place)
    new: list[dict[str, Any]] = []
    with group(f"Task logs that ended on {day}"):
        for log in find_task_logs(folder, settings.task_logs.dags):
            end = _end_on(log, day)
            if log.path in known:
                if log.sha256 != known[log.path]:
                    said = {"path": log.path, "noted": known[log.path], "found": log.sha256}
                    warn(f"a task log has changed since its digest was written down: {json.dumps(said)}")
            elif end is not None:
                new.append(log.to_json(end))
                say(fact("task-log", **new[-1]))
    if new:
        data = b"".join(canonical.encode(record) + b"\n" for record in new)
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(place / f"{sha256(data).hexdigest()[:16]}.jsonl", data.decode("utf-8"))
        except OSError as error:
            raise _unreadable(place, error) from error


def find_task_logs(folder: Path, dags: Iterable[str]) -> Iterator[TaskLog]:
    """Every log file of the DAGs, by path; links are not followed.

    Raises:
        CollectionError: One cannot be read: a log must not be left out silently.
    """
    patterns = tuple(dags)
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
        for name in names:
            dag = name.removeprefix("dag_id=")
            if dag != name and any(fnmatchcase(dag, pattern) for pattern in patterns):
                for path in _files_below(folder / name):
                    yield read_task_log(path, _printed(path.relative_to(folder)))
    except FileNotFoundError as error:
        if folder.exists():
            raise _unreadable(folder, error) from error
        warn(f"there is no folder of task logs here: {folder}")
    except OSError as error:
        raise _unreadable(folder, error) from error


def read_task_log(path: Path, name: str) -> TaskLog:
    """Hash a log file, and see how far its try has come. `name` is its path below the log folder.

    Raises:
        OSError: It cannot be read.
    """
    digest, size, line, state = sha256(), 0, b"", "open"
    over = False
    with path.open("rb") as file:
        modified = os.fstat(file.fileno()).st_mtime
        while piece := file.readline(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            line = piece
            if _RUNNER not in piece:
                continue
            if _BEGUN in piece:
                over, state = False, "open"
            elif _OVER in piece:
                over = True
            elif over and any(mark in piece for mark in _GOES_ON):
                state = "paused"
    if over and state == "open" and _RUNNER in line and _ENDED in line:
        state = "ended"
    last = _time_of(line) or datetime.fromtimestamp(modified, UTC)
    return TaskLog(path=name, bytes=size, sha256=digest.hexdigest(), last=last, state=state)  # type: ignore[arg-type]


def _end_on(log: TaskLog, day: date) -> str | None:
    """How a log counts as ended on a day; None: not on this one, or not yet."""
    last = log.last.astimezone(UTC).date()
    if log.state == "ended" and last == day:
        return "marked"
    if log.state == "open" and last == day - timedelta(days=1):
        return "silent"
    return None


def _printed(path: Path) -> str:
    """A path as text; bytes that are no UTF-8 show as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _time_of(line: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(json.loads(line)["timestamp"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _files_below(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path))
        elif entry.is_file(follow_symlinks=False) and _LOG_NAME.match(entry.name):
            yield Path(entry.path)


def _known(place: Path) -> dict[str, str]:
    """Digests that were written down for this day before, by path."""
    known: dict[str, str] = {}
    try:
        for path in sorted(place.glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                record = json.loads(line)
                known.setdefault(record["path"], record["sha256"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(place, error) from error
    return known


def _unreadable(place: Path, error: Exception) -> CollectionError:
    return CollectionError(
        "task logs, or their digests, cannot be read or written",
        where=str(getattr(error, "filename", None) or place),
        found=getattr(error, "strerror", None) or type(error).__name__,
        remedy="correct task_logs.folder, or the permissions of the folder; then run it again",
    )
