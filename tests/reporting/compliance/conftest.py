"""The archive in memory that verification's tests have."""

from __future__ import annotations

from tests.verification.conftest import archive, fresh, keys, make_keys

__all__ = ["archive", "fresh", "keys", "make_keys"]
