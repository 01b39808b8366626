"""The clock of the attacked archives: locks count from it, and reach beyond today."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)
