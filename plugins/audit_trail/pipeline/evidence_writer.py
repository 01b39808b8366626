"""Writing lines of evidence to the log of whoever runs a stage: in Airflow, the task's."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from audit_trail.errors import AuditTrailError, StorageError
from audit_trail.pipeline.evidence_log import LOGGER, check_line, command, note, summary
from audit_trail.verification.checks import Check, Outcome

log = logging.getLogger(LOGGER)


def say(*lines: str) -> None:
    """Write lines that `evidence_log` made."""
    for line in lines:
        log.info("%s", line)


def say_commands(commands: Iterable[str]) -> None:
    """Write commands that repeat what was said before."""
    say(*map(command, commands))


def conclude(sentence: str) -> None:
    """Write what the task came to."""
    say(summary(sentence))


def warn(sentence: str) -> None:
    """Write what a reader has to know, as a warning."""
    log.warning("%s", note(sentence))


def say_check(check: Check) -> None:
    """Write one check; one that did not pass is an error of the log."""
    log.log(logging.INFO if check.outcome is Outcome.PASS else logging.ERROR, "%s", check_line(check))


def say_failure(stage: str, error: AuditTrailError, *, day: str = "") -> None:
    """Write the check by which a stage ended, and what it came to."""
    unread = isinstance(error, StorageError)
    outcome = Outcome.UNVERIFIABLE if unread else Outcome.FAIL
    found = f"{error.what}: {error.found}" if error.found else error.what
    say_check(
        Check(
            name=f"stage.{stage}",
            where=error.where,
            outcome=outcome,
            expected=error.expected,
            found=found,
            remedy=error.remedy,
            day=day,
        )
    )
    log.error("%s", summary(f"{outcome.value} {stage}{f' of {day}' if day else ''}: {error}"))


@contextmanager
def group(title: str) -> Iterator[None]:
    """What Airflow's UI folds into one line. Marks only: each line inside stands for itself."""
    log.info("::group::%s", title)
    try:
        yield
    finally:
        log.info("::endgroup::")
