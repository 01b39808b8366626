"""Sample logs for the demonstration: a believable day, with secrets in it to be redacted.

All secrets are made up: cards from the networks' test ranges, keys of the
right shape and random letters, addresses under example.com.
"""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from audit_trail.errors import ConfigurationError
from audit_trail.journal.audit_logger import AuditLogger

_PROGRESS_EVERY = 1000
_DAY = timedelta(days=1)
_FIRST_NAMES = ("ada", "alan", "barbara", "edsger", "frances", "grace", "ken", "margaret")
_ENDPOINTS = ("GET /v1/orders", "POST /v1/orders", "GET /v1/accounts/me", "PUT /v1/accounts/me/address")
_COMPONENTS = ("scheduler", "triggerer", "kernel", "sshd", "postgres", "disk-monitor")
_SYSTEM_EVENTS = (
    "service_started", "service_stopped", "disk_space_low", "backup_finished", "certificate_renewed",
)  # fmt: skip
_ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What was written.

    Attributes:
        records: Number of records per kind.
        files: The journal files, sorted.
    """

    records: Mapping[str, int]
    files: tuple[Path, ...]


def write_samples(
    journal_dir: Path,
    *,
    day: date,
    count: int,
    seed: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> SampleSummary:
    """Write sample records of the three kinds, spread over one UTC day in increasing order.

    Args:
        journal_dir: Folder of the journal; files are added to it.
        day: The UTC day of all records.
        count: Records in total, 0 or more.
        seed: The same seed gives the same records but for event ids, host and pid.
        on_progress: Called now and then, and at the end, with the records written so far.

    Returns:
        Counts per kind and the files written.

    Raises:
        ConfigurationError: `count` is negative.
        StorageError: The journal cannot be written.
    """
    if count < 0:
        raise ConfigurationError("a number of samples cannot be negative", where="count", found=str(count))
    clock = _DayClock(day, count)
    writer = _SampleWriter(random.Random(seed))  # noqa: S311 - samples, not keys
    before = set(journal_dir.rglob("*.jsonl"))
    records: Counter[str] = Counter(application=0, system=0, api=0)
    with AuditLogger(journal_dir, now=clock.now) as logger:
        for written in range(1, count + 1):
            records[writer.write_one(logger)] += 1
            clock.advance()
            if on_progress and (written % _PROGRESS_EVERY == 0 or written == count):
                on_progress(written)
    files = sorted(set(journal_dir.rglob("*.jsonl")) - before)
    return SampleSummary(records=dict(records), files=tuple(files))


class _DayClock:
    """Goes through a day in equal steps and stays within it."""

    def __init__(self, day: date, steps: int) -> None:
        self._midnight = datetime.combine(day, time(), tzinfo=UTC)
        self._steps = max(steps, 1)
        self._step = 0

    def now(self) -> datetime:
        return self._midnight + _DAY * self._step / self._steps

    def advance(self) -> None:
        self._step += 1


class _SampleWriter:
    """Chooses what happens next in the imagined company."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def write_one(self, logger: AuditLogger) -> str:
        """Write one record and return its kind."""
        chosen = self._dice.random()
        if chosen < 0.5:
            self._api(logger)
            return "api"
        if chosen < 0.85:
            self._application(logger)
            return "application"
        self._system(logger)
        return "system"

    def _api(self, logger: AuditLogger) -> None:
        chosen, user = self._dice.random(), self._user()
        if chosen < 0.15:
            endpoint, status = "POST /v1/login", 200
            request: dict[str, object] = {"username": user, "password": self._letters(12)}
            response: dict[str, object] = {"token_type": "Bearer", "access_token": self._letters(40)}
        elif chosen < 0.25:
            endpoint, status = "POST /v1/payments", 201
            request = {
                "card": self.card(),
                "email": f"{user}@example.com",
                "amount_cents": self._number(9999),
            }
            response = {"payment_id": self._number(10**6)}
        else:
            endpoint = self._dice.choice(_ENDPOINTS)
            status = self._dice.choices((200, 404, 500), (95, 4, 1))[0]
            request = {"page": self._number(20)}
            response = {"items": self._number(50)}
        if self._dice.random() < 0.3:
            request["headers"] = {
                "Authorization": f"Bearer {self._letters(32)}",
                "Accept": "application/json",
            }
        logger.log_api_event(
            api_endpoint=endpoint,
            user_id=f"u-{self._number(9999):04d}",
            request_data=request,
            response_data=response,
            status_code=status,
            duration_ms=self._number(900),
            client_ip=f"10.0.{self._number(200)}.{self._number(250)}",
        )

    def _application(self, logger: AuditLogger) -> None:
        user = self._user()
        event, details = self._dice.choices(
            (
                ("order_shipped", {"order": self._number(10**6), "carrier": "surface mail"}),
                ("password_changed", {"old_password": self._letters(10), "policy": "length>=12"}),
                ("customer_verified", {"note": f"SSN {self.ssn()} checked, mail to {user}@example.com"}),
                ("export_started", {"command": f"export --token {self._letters(24)} --rows 500"}),
            ),
            (80, 5, 8, 7),
        )[0]
        logger.log_application_event(event, user_id=f"u-{self._number(9999):04d}", details=details)

    def _system(self, logger: AuditLogger) -> None:
        component = self._dice.choice(_COMPONENTS)
        if self._dice.random() < 0.1:
            key = "AKIA" + "".join(self._dice.choices(string.ascii_uppercase + "234567", k=16))
            logger.log_system_event(
                "configuration_loaded",
                component=component,
                details=f"aws_access_key_id={key} aws_secret_access_key={self._letters(40)} region=eu-west-1",
                severity="WARNING",
            )
            return
        logger.log_system_event(
            self._dice.choice(_SYSTEM_EVENTS), component=component, details={"used_percent": self._number(99)}
        )

    def card(self) -> str:
        """A card number from a test range with a right check digit (ISO/IEC 7812-1)."""
        body = "411111" + "".join(self._dice.choices(string.digits, k=9))
        doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(body))
        total = sum(value - 9 if value > 9 else value for value in doubled)
        return f"{body}{-total % 10}"

    def ssn(self) -> str:
        """A number of the right form for a US Social Security number."""
        return f"{self._number(665):03d}-{self._number(99):02d}-{self._number(9999):04d}"

    def _user(self) -> str:
        return f"{self._dice.choice(_FIRST_NAMES)}{self._number(99)}"

    def _letters(self, length: int) -> str:
        return "".join(self._dice.choices(_ALPHANUMERIC, k=length))

    def _number(self, highest: int) -> int:
        return self._dice.randint(1, highest)
