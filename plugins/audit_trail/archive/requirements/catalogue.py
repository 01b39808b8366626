"""All requirements, in the order in which a new bucket gets them.

The policy comes last: it denies changing the default retention.
"""

from __future__ import annotations

from audit_trail.archive.requirements.access import OWNERSHIP, PUBLIC_ACCESS
from audit_trail.archive.requirements.encryption import ENCRYPTION
from audit_trail.archive.requirements.lifecycle import HOT_LEDGER, NO_EXPIRY, UNFINISHED_UPLOADS
from audit_trail.archive.requirements.object_lock import DEFAULT_RETENTION, OBJECT_LOCK, VERSIONING
from audit_trail.archive.requirements.policy import POLICY
from audit_trail.archive.requirements.requirement import Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    OBJECT_LOCK,
    VERSIONING,
    DEFAULT_RETENTION,
    PUBLIC_ACCESS,
    OWNERSHIP,
    ENCRYPTION,
    UNFINISHED_UPLOADS,
    NO_EXPIRY,
    HOT_LEDGER,
    POLICY,
)
