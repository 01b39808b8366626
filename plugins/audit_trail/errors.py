"""Every error this package raises, in four families named for whose move is next.

The family decides what the caller does: an integrity failure must never be
retried away, a storage or collection failure may be, a configuration error
waits for a person. The command line maps the families to its exit codes.
"""

from __future__ import annotations

__all__ = [
    "AuditTrailError",
    "CollectionError",
    "ConfigurationError",
    "IntegrityError",
    "StorageError",
]


class AuditTrailError(Exception):
    """What went wrong, where, and what to do about it.

    Args:
        what: One sentence. Never log content, never a secret.
        where: The file, object key, field or setting concerned.
        expected: What should have been there, if there is such a thing.
        found: What was there instead.
        remedy: What the reader can do.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        found: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.append(f"at {self.where}")
        pair = (("expected", self.expected), ("found", self.found))
        parts += [", ".join(f"{name} {text}" for name, text in pair if text)]
        return "; ".join(part for part in (*parts, self.remedy) if part)

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders (Airflow, process pools); the
        # default pickling would drop the keyword arguments.
        return (_rebuild, (type(self), self.what, self.details()))

    def details(self) -> dict[str, str]:
        """The parts beside `what` that are not empty, for `--json`."""
        names = ("where", "expected", "found", "remedy")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class ConfigurationError(AuditTrailError):
    """A setting, argument or policy is wrong. Trying again changes nothing."""

    exit_code = 3


class CollectionError(AuditTrailError):
    """A source could not be read whole. Nothing was sealed; try again."""

    exit_code = 2


class StorageError(AuditTrailError):
    """The archive, the staging area or a key elsewhere could not be used. Try again."""

    exit_code = 2


class IntegrityError(AuditTrailError):
    """Something is not what was written. Do not retry; find out who changed it."""

    exit_code = 1


def _rebuild(kind: type[AuditTrailError], what: str, details: dict[str, str]) -> AuditTrailError:
    return kind(what, **details)
