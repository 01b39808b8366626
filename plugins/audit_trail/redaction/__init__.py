"""Taking secrets and personal data out of log bytes, and nothing else."""

from __future__ import annotations

from audit_trail.redaction.engine import Redaction, Redactor
from audit_trail.redaction.policy import DEFAULT_POLICY, Policy, Rule

__all__ = ["DEFAULT_POLICY", "Policy", "Redaction", "Redactor", "Rule"]
