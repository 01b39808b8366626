"""Provable logs with Apache Airflow.

The integration API, loaded on first use so that an application that only
writes logs imports neither Airflow nor boto3.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit_trail.archive.storage_processor import StorageProcessor
    from audit_trail.journal.audit_logger import AuditLogger
    from audit_trail.pipeline.processor import AuditTrailProcessor
    from audit_trail.signing.cryptographic_processor import CryptographicProcessor

__version__ = "0.1.0"

__all__ = ["AuditLogger", "AuditTrailProcessor", "CryptographicProcessor", "StorageProcessor", "__version__"]

_HOMES = {
    "AuditLogger": "audit_trail.journal.audit_logger",
    "AuditTrailProcessor": "audit_trail.pipeline.processor",
    "CryptographicProcessor": "audit_trail.signing.cryptographic_processor",
    "StorageProcessor": "audit_trail.archive.storage_processor",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'audit_trail' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
