"""The writing side: what an application calls to leave an audit record."""

from __future__ import annotations

from audit_trail.journal.audit_logger import AuditLogger

__all__ = ["AuditLogger"]
