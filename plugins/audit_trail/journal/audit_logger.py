"""`AuditLogger`: one call, one redacted JSON line in the journal."""

from __future__ import annotations

import os
import re
import socket
import threading
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from audit_trail.errors import ConfigurationError
from audit_trail.journal.event_id import new_event_id
from audit_trail.journal.journal_file import JournalFile
from audit_trail.journal.json_values import encode_json, rfc3339, to_json_value
from audit_trail.journal.record_size import fit
from audit_trail.redaction import Redactor

Kind = Literal["application", "system", "api"]

RECORD_VERSION = 1
# What the logger itself says about a record; a field of the same name goes under `extra`.
RESERVED = frozenset(
    {
        "v",
        "event_id",
        "timestamp",
        "seq",
        "kind",
        "host",
        "pid",
        "truncated",
        "truncated_fields",
        "truncated_field_count",
        "extra",
    }
)


class AuditLogger:
    """Writes audit records to `{journal_dir}/{kind}/{YYYY-MM-DD}/{host}-{pid}-{start}.jsonl`.

    May be shared by threads and survives `fork`: each process writes files of
    its own, so no two writers ever meet in one. Values that JSON does not
    know are turned into strings, and a record above 1 MiB is cut with
    `"truncated": true`: an odd value never stops the application.

    Args:
        journal_dir: Folder of the journal; made on the first record.
        redactor: None means the built-in policy.
        now: Clock, returning aware times. None means the system's.
        durable: Wait for the disk on every record.
    """

    def __init__(
        self,
        journal_dir: Path,
        *,
        redactor: Redactor | None = None,
        now: Callable[[], datetime] | None = None,
        durable: bool = False,
    ) -> None:
        self._journal_dir = Path(journal_dir)
        self._redactor = redactor or Redactor()
        self._now = now or _system_clock
        self._durable = durable
        self._host = socket.gethostname()
        self._closed = False
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._files: dict[Kind, JournalFile] = {}
        _LOGGERS.add(self)

    def log_api_event(
        self,
        *,
        api_endpoint: str,
        user_id: str | None,
        request_data: object = None,
        response_data: object = None,
        status_code: int | None = None,
        **fields: object,
    ) -> str:
        """Record a call of an API.

        Args:
            api_endpoint: Method and path, or a name.
            user_id: Who called; None for nobody known.
            request_data: What was sent, of any type.
            response_data: What was answered, of any type.
            status_code: HTTP status.
            fields: Anything else.

        Returns:
            The record's event id, a UUIDv7.

        Raises:
            StorageError: The record could not be written.
            ConfigurationError: The logger is closed, or its clock has no time zone.
        """
        named = {
            "request_data": request_data,
            "response_data": response_data,
            "status_code": status_code,
        }
        return self._log("api", {"api_endpoint": api_endpoint, "user_id": user_id, **_given(named)}, fields)

    def log_application_event(
        self,
        event_type: str,
        *,
        user_id: str | None = None,
        details: object = None,
        severity: str = "INFO",
        **fields: object,
    ) -> str:
        """Record what an application did; `details` may be of any type. Returns and raises as above."""
        event = {"event_type": event_type, "severity": severity}
        return self._log("application", event | _given({"user_id": user_id, "details": details}), fields)

    def log_system_event(
        self,
        event_type: str,
        *,
        component: str | None = None,
        details: object = None,
        severity: str = "INFO",
        **fields: object,
    ) -> str:
        """Record what a system or service did; `details` may be of any type. Returns and raises as above."""
        event = {"event_type": event_type, "severity": severity}
        return self._log("system", event | _given({"component": component, "details": details}), fields)

    def close(self) -> None:
        """Close the files. Later records are refused."""
        with self._lock:
            self._closed = True
            self._close_files()

    def __enter__(self) -> AuditLogger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _log(self, kind: Kind, event: dict[str, object], fields: dict[str, object]) -> str:
        clashing = {name: value for name, value in fields.items() if name in RESERVED or name in event}
        plain = {name: value for name, value in fields.items() if name not in clashing}
        whole = event | plain | ({"extra": clashing} if clashing else {})
        body = fit({name: to_json_value(value) for name, value in whole.items()}, redactor=self._redactor)
        with self._lock:
            if self._closed:
                raise ConfigurationError(
                    "the journal is closed",
                    where=str(self._journal_dir),
                    remedy="log before close(), or make another AuditLogger",
                )
            return self._write(kind, body)

    def _write(self, kind: Kind, body: dict[str, Any]) -> str:
        moment = self._utc_now()
        file = self._file(kind, moment)
        event_id = new_event_id()
        head = {
            "v": RECORD_VERSION,
            "event_id": event_id,
            "timestamp": rfc3339(moment),
            "seq": file.records + 1,
            "kind": kind,
            "host": self._host,
            "pid": self._pid,
        }
        file.append(self._redactor.redact(encode_json(head | body)).data + b"\n")
        return event_id

    def _file(self, kind: Kind, moment: datetime) -> JournalFile:
        if self._pid != os.getpid():  # a fork that did not run Python's own hooks
            self._close_files()
            self._pid = os.getpid()
        folder = self._journal_dir / kind / moment.strftime("%Y-%m-%d")
        file = self._files.get(kind)
        if file and file.usable and file.folder == folder:
            return file
        if file:
            file.close()
        writer = f"{_file_name(self._host)}-{self._pid}"
        self._files[kind] = JournalFile(folder, writer=writer, started_at=moment, durable=self._durable)
        return self._files[kind]

    def _utc_now(self) -> datetime:
        moment = self._now()
        if moment.tzinfo is None:
            raise ConfigurationError(
                "the journal's clock has no time zone",
                where="AuditLogger(now=...)",
                expected="an aware datetime",
                found="a naive one",
                remedy="return datetime.now(UTC)",
            )
        return moment.astimezone(UTC)

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _after_fork(self) -> None:
        # The parent's lock may be held by a thread that does not exist here;
        # its files stay the parent's alone.
        self._lock = threading.Lock()
        self._close_files()
        self._pid = os.getpid()


_LOGGERS: weakref.WeakSet[AuditLogger] = weakref.WeakSet()


def _reset_all_after_fork() -> None:
    for logger in list(_LOGGERS):
        logger._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all_after_fork)


def _system_clock() -> datetime:
    return datetime.now(UTC)


def _given(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _file_name(host: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", host)[:64] or "host"
